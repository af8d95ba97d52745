/**
 * What computes. From the smallest to the largest:
 *
 * - `plain`: JavaScript, everywhere
 * - `wasm`: WebAssembly's vector instructions; one kilobyte, no TF.js
 * - `tfjs-cpu`, `tfjs-wasm`, `tfjs-webgl`, `tfjs-webgpu`: the bundle's graphs in TF.js, which is loaded when one of these is asked for
 *
 * `auto` is `wasm` where that starts, else `plain`. `fastest` times those that start here on this very bundle: worth it for
 * catalogues of hundreds of thousands of movies, where a graphics processor may win.
 */

import { best } from "./best.js";
import { BundleError } from "./errors.js";
import { plainScorer } from "./plain.js";
import { wasmScorer } from "./wasm.js";

/** @typedef {"plain" | "wasm" | "tfjs-cpu" | "tfjs-wasm" | "tfjs-webgl" | "tfjs-webgpu"} Backend */
/** @typedef {import("./tower.js").Coded} Coded */

/**
 * @typedef {object} Engine
 * @property {Backend} name
 * @property {(history: number[], context: Coded) => Float32Array} vector
 * @property {(vector: Float32Array, barred: number[], k: number) => {rows: number[], scores: number[]}} retrieve
 * @property {() => void} update take in the movies that have arrived since
 * @property {() => void} dispose
 */

/**
 * What an engine is made from.
 * @typedef {object} Parts
 * @property {import("./catalogue.js").Catalogue} catalogue
 * @property {import("./tower.js").Tower} tower
 * @property {{tower: import("./model.js").GraphModel, movies: import("./model.js").GraphModel}} graphs
 */

const PLAIN = new Set(["plain", "wasm"]);
/** In the order in which `fastest` tries them. */
const TIMED = /** @type {Backend[]} */ (["wasm", "plain", "tfjs-webgpu", "tfjs-webgl"]);
const ROUNDS = 7;

/**
 * @param {Parts} parts
 * @param {Backend | "auto" | "fastest"} backend
 * @param {string | Record<string, string>} [wasmPaths] where TF.js's `.wasm` files are served
 * @returns {Promise<Engine>} throws where the backend does not start
 */
export async function startEngine(parts, backend, wasmPaths) {
  if (backend === "auto") return start(parts, "wasm").catch(() => start(parts, "plain"));
  if (backend === "fastest") return fastest(parts, wasmPaths);
  return start(parts, backend, wasmPaths);
}

/**
 * Whether an engine can answer while movies are still arriving.
 * @param {Backend | "auto" | "fastest"} backend
 */
export function answersEarly(backend) {
  return backend === "auto" || PLAIN.has(backend);
}

/**
 * @param {Parts} parts
 * @param {Backend} backend
 * @param {string | Record<string, string>} [wasmPaths]
 * @returns {Promise<Engine>}
 */
async function start(parts, backend, wasmPaths) {
  if (backend === "plain") return scoring(parts, plainScorer(parts.catalogue));
  if (backend === "wasm") return scoring(parts, await wasmScorer(parts.catalogue));
  if (!backend.startsWith("tfjs-")) {
    throw BundleError.of("E_PARAM", `There is no backend '${backend}'.`, "Leave it out, or name one that the README lists.");
  }
  const { tfjsEngine } = await import("./tfjs.js");
  return tfjsEngine(parts.graphs, backend, wasmPaths);
}

/**
 * @param {Parts} parts
 * @param {import("./plain.js").Scorer} scorer
 * @returns {Engine}
 */
function scoring({ tower }, scorer) {
  return {
    name: /** @type {Backend} */ (scorer.name),
    vector: (history, context) => tower.vector(history, context),
    retrieve: (vector, barred, k) => best(scorer.scores(vector), barred, k),
    update: scorer.update,
    dispose: scorer.dispose,
  };
}

/**
 * @param {Parts} parts
 * @param {string | Record<string, string>} [wasmPaths]
 * @returns {Promise<Engine>}
 */
async function fastest(parts, wasmPaths) {
  /** @type {{engine: Engine, taken: number} | null} */
  let found = null;
  for (const backend of TIMED) {
    const engine = await start(parts, backend, wasmPaths).catch(() => null);
    if (!engine) continue;
    const taken = timed(engine, parts.catalogue);
    if (found && found.taken <= taken) engine.dispose();
    else {
      found?.engine.dispose();
      found = { engine, taken };
    }
  }
  return /** @type {{engine: Engine}} */ (found).engine; // plain always starts
}

/**
 * Median milliseconds of an answer, the first ones left out.
 * @param {Engine} engine
 * @param {import("./catalogue.js").Catalogue} catalogue
 */
function timed(engine, { n }) {
  const k = Math.min(20, n);
  const taken = Array.from({ length: ROUNDS }, () => {
    const before = performance.now();
    engine.retrieve(engine.vector([0], { rows: [], weights: [] }), [0], k);
    return performance.now() - before;
  });
  return taken.slice(2).sort((a, b) => a - b)[Math.floor((ROUNDS - 2) / 2)];
}
