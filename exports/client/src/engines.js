/**
 * What computes. From the smallest to the largest:
 *
 * - `plain`: JavaScript, everywhere
 * - `wasm`: WebAssembly's vector instructions; one kilobyte, no TF.js
 * - `tfjs-cpu`, `tfjs-wasm`, `tfjs-webgl`, `tfjs-webgpu`: the bundle's graphs in TF.js, which is loaded when one of these is asked for
 *
 * Of a list the first that starts is taken; `auto` is `["wasm", "plain"]`. `fastest` times those that start here on this very bundle:
 * worth it for catalogues of hundreds of thousands of movies, where a graphics processor may win. What did not start is told with its
 * reason, and a backend of TF.js has only started when it answers as plain JavaScript does: graphics processors may compute in half
 * precision, and browsers may hand back other numbers than were computed.
 */

import { best } from "./best.js";
import { compare } from "./compare.js";
import { BundleError } from "./errors.js";
import { plainScorer } from "./plain.js";
import { wasmScorer } from "./wasm.js";

/** @typedef {"plain" | "wasm" | "tfjs-cpu" | "tfjs-wasm" | "tfjs-webgl" | "tfjs-webgpu"} Backend */
/** @typedef {Backend | Backend[] | "auto" | "fastest"} Wanted */
/** @typedef {{backend: Backend, reason: string}} Skipped a backend that was to come first and did not start */
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

const AUTO = /** @type {Backend[]} */ (["wasm", "plain"]);
const PLAIN = new Set(["plain", "wasm"]);
const ALL = new Set(["plain", "wasm", "tfjs-cpu", "tfjs-wasm", "tfjs-webgl", "tfjs-webgpu"]);
/** In the order in which `fastest` tries them. */
const TIMED = /** @type {Backend[]} */ (["wasm", "plain", "tfjs-webgpu", "tfjs-webgl"]);
const ROUNDS = 7;
/** Relative to the largest score of a list, as everywhere. */
const TOLERANCE = 1e-5;

/**
 * @param {Parts} parts
 * @param {Wanted} wanted
 * @param {string | Record<string, string>} [wasmPaths] where TF.js's `.wasm` files are served
 * @returns {Promise<{engine: Engine, skipped: Skipped[]}>} throws where nothing that is wanted starts
 */
export async function startEngine(parts, wanted, wasmPaths) {
  if (wanted === "fastest") return fastest(parts, wasmPaths);
  const backends = wanted === "auto" ? AUTO : [wanted].flat();
  const unknown = backends.find((backend) => !ALL.has(backend));
  if (unknown !== undefined) {
    throw BundleError.of("E_PARAM", `There is no backend '${unknown}'.`, "Leave it out, or name one that the README lists.");
  }
  if (!backends.length) throw BundleError.of("E_PARAM", "The list of backends is empty.", "Leave it out, or name one that the README lists.");
  /** @type {Skipped[]} */
  const skipped = [];
  for (const backend of backends) {
    const engine = await tried(parts, backend, wasmPaths, skipped);
    if (engine) return { engine, skipped };
  }
  const reasons = skipped.map(({ backend, reason }) => `${backend} does not start here: ${reason}.`).join(" ");
  throw BundleError.of("E_BACKEND", reasons, 'Give a list that ends with "plain", and the first of it that starts is taken.');
}

/**
 * Whether an engine can answer while movies are still arriving.
 * @param {Wanted} wanted
 */
export function answersEarly(wanted) {
  return wanted === "auto" || [wanted].flat().every((backend) => PLAIN.has(backend));
}

/**
 * @param {Parts} parts
 * @param {Backend} backend
 * @param {string | Record<string, string> | undefined} wasmPaths
 * @param {Skipped[]} skipped takes the reason in
 * @returns {Promise<Engine | null>} null where it does not start
 */
async function tried(parts, backend, wasmPaths, skipped) {
  try {
    return await start(parts, backend, wasmPaths);
  } catch (error) {
    const reason = String(/** @type {any} */ (error)?.message ?? error).replace(/[.\s]+$/, "");
    skipped.push({ backend, reason });
    return null;
  }
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
  const { tfjsEngine } = await import("./tfjs.js");
  const engine = await tfjsEngine(parts.graphs, backend, wasmPaths);
  const off = disagreement(engine, scoring(parts, plainScorer(parts.catalogue)), parts.catalogue.n);
  if (off <= TOLERANCE) return engine;
  engine.dispose();
  throw new Error(`its answers are not those of plain JavaScript (off by ${off.toPrecision(2)} of the largest score)`);
}

/**
 * How far an engine's answers are from another's, for somebody new and for somebody who has watched a few movies.
 * @param {Engine} engine
 * @param {Engine} known
 * @param {number} n movies
 */
function disagreement(engine, known, n) {
  const few = Array.from({ length: Math.min(30, Math.floor(n / 2)) }, (_, i) => 2 * i);
  const errors = [[], few].map((history) => {
    const [expected, got] = [known, engine].map((each) =>
      each.retrieve(each.vector(history, { rows: [], weights: [] }), history, Math.min(20, n - history.length)),
    );
    const named = got.rows.map((row, i) => ({ id: String(row), score: got.scores[i] }));
    const { same, error } = compare({ ids: expected.rows.map(String), scores: expected.scores }, named, TOLERANCE);
    return same ? error : Math.max(error, 2 * TOLERANCE);
  });
  return Math.max(...errors);
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
 * @returns {Promise<{engine: Engine, skipped: Skipped[]}>}
 */
async function fastest(parts, wasmPaths) {
  /** @type {Skipped[]} */
  const skipped = [];
  /** @type {{engine: Engine, taken: number} | null} */
  let found = null;
  for (const backend of TIMED) {
    const engine = await tried(parts, backend, wasmPaths, skipped);
    if (!engine) continue;
    const taken = timed(engine, parts.catalogue);
    if (found && found.taken <= taken) engine.dispose();
    else {
      found?.engine.dispose();
      found = { engine, taken };
    }
  }
  return { engine: /** @type {{engine: Engine}} */ (found).engine, skipped }; // plain always starts
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
