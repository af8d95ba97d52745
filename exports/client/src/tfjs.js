/** The two graphs in TF.js, on WebAssembly or its plain-JavaScript kernels. */

/** @typedef {import("./model.js").GraphModel} GraphModel */

const PADDING = -1;
/** Half of what the graph adds to the score of a movie that was seen. */
const BARRED_BELOW = -5e29;

/**
 * @typedef {object} TfjsOptions
 * @property {"wasm" | "cpu"} backend
 * @property {string | Record<string, string>} [wasmPaths] address of the folder of TF.js's `.wasm` files, or of each; in Node they
 *   are found beside the package
 */

/**
 * @param {GraphModel} tower
 * @param {GraphModel} movies
 * @param {TfjsOptions} options
 * @returns {Promise<import("./plain.js").Engine>} throws where the backend does not start
 */
export async function tfjsEngine(tower, movies, { backend, wasmPaths }) {
  const tf = await import("@tensorflow/tfjs-core");
  const { loadGraphModel } = await import("@tensorflow/tfjs-converter");
  if (backend === "wasm") {
    const { setWasmPaths } = await import("@tensorflow/tfjs-backend-wasm");
    // A second call would be refused once the backend has started; the first one's files serve everybody.
    if (wasmPaths !== undefined && !tf.engine().registry.wasm) setWasmPaths(/** @type {any} */ (wasmPaths));
  } else {
    await import("@tensorflow/tfjs-backend-cpu");
  }
  if (!(await tf.setBackend(backend))) throw new Error(`the ${backend} backend does not start here`);
  await tf.ready();
  const [user, retrieve] = await Promise.all([tower, movies].map((model) => loadGraphModel(inMemory(model))));
  const outputs = (/** @type {GraphModel} */ model, /** @type {string[]} */ names) =>
    names.map((name) => model.document.signature.outputs[name].name);
  const vectorName = outputs(tower, ["vector"]);
  const bestNames = outputs(movies, ["rows", "scores"]);
  // Another recommender in the same process may have chosen another backend meanwhile.
  const use = (/** @type {string} */ name) => tf.getBackend() === name || tf.setBackend(name);
  const row = (/** @type {number[]} */ rows) => (rows.length ? rows : [PADDING]);
  return {
    name: backend,
    userVector: (history, context) => {
      return tf.tidy(() => {
        use(backend);
        const weights = context.weights.length ? context.weights : [0];
        const inputs = {
          history: tf.tensor2d([row(history)], undefined, "int32"),
          context: tf.tensor2d([row(context.rows)], undefined, "int32"),
          context_weights: tf.tensor2d([weights]),
        };
        const [vector] = [user.execute(inputs, vectorName)].flat();
        return Float32Array.from(vector.dataSync());
      });
    },
    retrieve: (vector, barred, k) => {
      return tf.tidy(() => {
        use(backend);
        const inputs = {
          vector: tf.tensor2d(vector, [1, vector.length]),
          seen: tf.tensor1d(row(barred), "int32"),
          k: tf.scalar(k, "int32"),
        };
        const [rows, scores] = /** @type {any[]} */ (retrieve.execute(inputs, bestNames)).map((tensor) => [...tensor.dataSync()]);
        const kept = scores.filter((/** @type {number} */ score) => score > BARRED_BELOW).length;
        return { rows: rows.slice(0, kept), scores: scores.slice(0, kept) };
      });
    },
    dispose: () => {
      user.dispose();
      retrieve.dispose();
    },
  };
}

/**
 * @param {GraphModel} model
 * @returns {any} what TF.js loads a model from
 */
function inMemory({ document, specs, bytes }) {
  return {
    load: async () => ({
      modelTopology: document.modelTopology,
      format: document.format,
      generatedBy: document.generatedBy,
      convertedBy: document.convertedBy,
      signature: document.signature,
      userDefinedMetadata: document.userDefinedMetadata,
      weightSpecs: specs,
      weightData: bytes.buffer,
    }),
  };
}
