/** The bundle's two graphs in TF.js. Only whoever asks for a `tfjs-…` backend loads this file, and TF.js with it. */

/** @typedef {import("./model.js").GraphModel} GraphModel */

const PADDING = -1;
/** Half of what the graph adds to the score of a movie that was seen. */
const BARRED_BELOW = -5e29;

/** @type {Record<string, () => Promise<any>>} */
const LIBRARIES = {
  cpu: () => import("@tensorflow/tfjs-backend-cpu"),
  wasm: () => import("@tensorflow/tfjs-backend-wasm"),
  webgl: () => import("@tensorflow/tfjs-backend-webgl"),
  webgpu: () => import("@tensorflow/tfjs-backend-webgpu"),
};

/**
 * @param {{tower: GraphModel, movies: GraphModel}} graphs complete
 * @param {import("./engines.js").Backend} name
 * @param {string | Record<string, string>} [wasmPaths] address of the folder of TF.js's `.wasm` files, or of each; in Node they are
 *   found beside the package
 * @returns {Promise<import("./engines.js").Engine>} throws where the backend does not start
 */
export async function tfjsEngine({ tower, movies }, name, wasmPaths) {
  const backend = name.slice("tfjs-".length);
  if (backend === "webgpu") await findGraphicsProcessor();
  const [tf, { loadGraphModel }, library] = await Promise.all([
    import("@tensorflow/tfjs-core"),
    import("@tensorflow/tfjs-converter"),
    LIBRARIES[backend](),
  ]);
  // A second call would be refused once the backend has started; the first one's files serve everybody.
  if (backend === "wasm" && wasmPaths !== undefined && !tf.engine().registry.wasm) library.setWasmPaths(wasmPaths);
  if (backend.startsWith("webg")) exactly(tf);
  if (!(backend in tf.engine().registryFactory)) throw new Error(`TF.js finds no ${backend} on this machine`);
  if (!(await tf.setBackend(backend))) throw new Error(`TF.js finds ${backend} and cannot use it`);
  await tf.ready();
  const [user, retrieve] = await Promise.all([tower, movies].map((model) => loadGraphModel(inMemory(model))));
  const outputs = (/** @type {GraphModel} */ model, /** @type {string[]} */ names) =>
    names.map((output) => model.document.signature.outputs[output].name);
  const vectorName = outputs(tower, ["vector"]);
  const bestNames = outputs(movies, ["rows", "scores"]);
  // Another recommender in the same process may have chosen another backend meanwhile.
  const use = () => tf.getBackend() === backend || tf.setBackend(backend);
  const row = (/** @type {number[]} */ rows) => (rows.length ? rows : [PADDING]);
  return {
    name,
    vector: (history, context) => {
      return tf.tidy(() => {
        use();
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
        use();
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
    update: () => {},
    dispose: () => {
      user.dispose();
      retrieve.dispose();
    },
  };
}

/** TF.js takes any WebGPU for one that has a processor. */
async function findGraphicsProcessor() {
  const gpu = /** @type {any} */ (globalThis.navigator)?.gpu;
  if (!gpu) throw new Error("there is no WebGPU on this machine");
  if (!(await gpu.requestAdapter())) throw new Error("WebGPU finds no graphics processor");
}

/**
 * Graphics processors must not round to half precision, nor hand small work back to the JavaScript kernels.
 * @param {typeof import("@tensorflow/tfjs-core")} tf
 */
function exactly(tf) {
  for (const [flag, value] of /** @type {[string, boolean][]} */ ([
    ["WEBGL_FORCE_F16_TEXTURES", false],
    ["WEBGL_CPU_FORWARD", false],
    ["WEBGPU_CPU_FORWARD", false],
  ])) {
    if (flag in /** @type {any} */ (tf.env()).flagRegistry) tf.env().set(flag, value);
  }
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
