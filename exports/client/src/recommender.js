/** Recommendations from a verified bundle. What somebody watched stays where it is. */

import { json } from "./bytes.js";
import { BundleError } from "./errors.js";
import { GraphModel } from "./model.js";
import { best, movieMatrix, plainEngine, scoresOf } from "./plain.js";
import { fetchVerified, readVerified } from "./verify.js";
import { Vocabulary } from "./vocabulary.js";

/** @typedef {import("./verify.js").Source} Source */
/** @typedef {import("./vocabulary.js").Context} Context */
/** @typedef {{id: string, title: string, score: number}} Recommendation */

/**
 * @typedef {object} OpenOptions
 * @property {"auto" | "wasm" | "cpu" | "plain"} [backend] `auto` takes WebAssembly where it starts, else TF.js's JavaScript kernels;
 *   `plain` needs no TF.js at all
 * @property {string | Record<string, string>} [wasmPaths] where TF.js's `.wasm` files are served
 * @property {string | string[] | null} [publicKey] of the publisher, who has to have signed the bundle: the text of the `.pub` file
 * @property {boolean} [unsigned] take a bundle without a public key to hold it against: anybody can have made it
 * @property {string | null} [installedVersion] version in use here, so that an older one is refused
 * @property {(name: string, done: number, all: number) => void} [onFile] told of each file that has arrived
 */

/**
 * Verify a bundle and load it.
 * @param {Source} source
 * @param {OpenOptions} [options]
 * @returns {Promise<Recommender>} throws BundleError where the bundle cannot be trusted
 */
export async function open(source, { backend = "auto", wasmPaths, ...trust } = {}) {
  const { manifest, files, source: folder } = await fetchVerified(source, trust);
  const tower = new GraphModel(files, "tfjs/user_tower");
  const movies = new GraphModel(files, "tfjs/retrieve");
  const engine = await startEngine(tower, movies, backend, wasmPaths);
  return new Recommender(manifest, files, folder, movies, engine);
}

/**
 * @param {GraphModel} tower
 * @param {GraphModel} movies
 * @param {NonNullable<OpenOptions["backend"]>} backend
 * @param {OpenOptions["wasmPaths"]} wasmPaths
 */
async function startEngine(tower, movies, backend, wasmPaths) {
  if (backend === "plain") return plainEngine(tower, movies);
  const { tfjsEngine } = await import("./tfjs.js");
  if (backend !== "auto") return tfjsEngine(tower, movies, { backend, wasmPaths });
  try {
    return await tfjsEngine(tower, movies, { backend: "wasm", wasmPaths });
  } catch {
    return tfjsEngine(tower, movies, { backend: "cpu" });
  }
}

/** A loaded bundle. Its methods answer at once; only loading waits. */
export class Recommender {
  /** @type {import("./plain.js").Matrix | null} */
  #matrix = null;
  /** @type {Float32Array | null} */
  #lengths = null;
  #files;
  #folder;
  #movies;
  #engine;
  #titles;

  /**
   * @param {import("./manifest.js").Manifest} manifest
   * @param {Map<string, Uint8Array>} files
   * @param {Source} folder
   * @param {GraphModel} movies
   * @param {import("./plain.js").Engine} engine
   */
  constructor(manifest, files, folder, movies, engine) {
    this.manifest = manifest;
    this.vocabulary = new Vocabulary(json(/** @type {Uint8Array} */ (files.get("ids.json"))));
    this.#titles = /** @type {string[]} */ (json(/** @type {Uint8Array} */ (files.get("titles.json"))).titles);
    this.#files = files;
    this.#folder = folder;
    this.#movies = movies;
    this.#engine = engine;
  }

  /** Version of the bundle, to be kept and given as `installedVersion` the next time. */
  get version() {
    return this.manifest.version;
  }

  /** What computes: `wasm`, `cpu` or `plain`. */
  get backend() {
    return this.#engine.name;
  }

  /** Bytes that were fetched. */
  get bytes() {
    return [...this.#files.values()].reduce((sum, file) => sum + file.length, 0);
  }

  /**
   * The best movies for somebody, best first. What they watched is not recommended again.
   * @param {{history?: Iterable<string>, context?: Context, exclude?: Iterable<string>, k?: number}} [question] movie ids that were
   *   watched, in any order; attributes of the user, as in the users table; movie ids to leave out besides. Ids that the
   *   catalogue does not hold (any more) are passed over.
   * @returns {Recommendation[]} at most k
   */
  recommend({ history = [], context = {}, exclude = [], k = 20 } = {}) {
    const watched = this.#rows("history", history);
    const barred = [...new Set([...watched, ...this.#rows("exclude", exclude)])];
    return this.#nearest(this.#vector(watched, context), barred, whole(k));
  }

  /**
   * Movies most like one: by the angle between vectors, so that a popular movie is not everybody's neighbour.
   * @param {string} movieId
   * @param {number} [k]
   * @returns {Recommendation[]} the score is the cosine, -1 to 1
   */
  similar(movieId, k = 20) {
    const [row] = this.#rows("movieId", [movieId]);
    if (row === undefined) {
      throw BundleError.of("E_MOVIE", `The catalogue holds no movie '${movieId}'.`, "Give the id of a movie in ids.json.");
    }
    this.#matrix ??= movieMatrix(this.#movies);
    const { codes, scale, dim, n } = this.#matrix;
    this.#lengths ??= columnLengths(this.#matrix);
    const vector = new Float32Array(dim);
    for (let d = 0; d < dim; d++) vector[d] = (codes[d * n + row] * (scale?.[row] ?? 1)) / (this.#lengths[row] || 1);
    const cosines = scoresOf(this.#matrix, vector);
    for (let i = 0; i < n; i++) cosines[i] /= this.#lengths[i] || 1;
    return this.#named(best(cosines, [row], whole(k)));
  }

  /**
   * The vector that the model gives somebody: it tells what they watch, so keep it where it is.
   * @param {{history?: Iterable<string>, context?: Context}} [user]
   * @returns {Float32Array}
   */
  userVector({ history = [], context = {} } = {}) {
    return this.#vector(this.#rows("history", history), context);
  }

  /**
   * The best movies for a vector.
   * @param {Float32Array} vector
   * @param {{exclude?: Iterable<string>, k?: number}} [options]
   * @returns {Recommendation[]}
   */
  nearest(vector, { exclude = [], k = 20 } = {}) {
    if (vector.length !== this.manifest.dim) {
      throw BundleError.of("E_PARAM", `A vector has ${this.manifest.dim} numbers, not ${vector.length}.`, "Use userVector().");
    }
    return this.#nearest(vector, this.#rows("exclude", exclude), whole(k));
  }

  /**
   * Ask the bundle's golden questions and compare with Python's answers.
   * @returns {Promise<{cases: number, same: number, maxRelativeError: number}>} `same` of `cases` lists are the same, ties aside;
   *   errors are relative to the largest score of a list
   */
  async selfTest() {
    const golden = json(await readVerified(this.#folder, this.manifest.golden.file, this.manifest));
    const ids = (/** @type {number[]} */ rows) => rows.map((row) => this.vocabulary.ids[row]);
    let [same, maxRelativeError] = [0, 0];
    for (const { history, context, exclude, movies, scores } of golden.cases) {
      const got = this.recommend({ history: ids(history), context, exclude: ids(exclude), k: golden.top });
      const verdict = compare({ ids: ids(movies), scores }, got, golden.relative_tolerance);
      same += Number(verdict.same);
      maxRelativeError = Math.max(maxRelativeError, verdict.error);
    }
    return { cases: golden.cases.length, same, maxRelativeError };
  }

  /** Give back the memory of the graphs. */
  dispose() {
    this.#engine.dispose();
  }

  /**
   * @param {number[]} watched
   * @param {Context} context
   */
  #vector(watched, context) {
    return this.#engine.userVector(watched, this.vocabulary.encode(context));
  }

  /**
   * @param {Float32Array} vector
   * @param {number[]} barred
   * @param {number} k
   */
  #nearest(vector, barred, k) {
    const room = this.vocabulary.ids.length - barred.length;
    return room > 0 ? this.#named(this.#engine.retrieve(vector, barred, Math.min(k, room))) : [];
  }

  /** @param {{rows: number[], scores: number[]}} found */
  #named({ rows, scores }) {
    return rows.map((row, i) => ({ id: this.vocabulary.ids[row], title: this.#titles[row], score: scores[i] }));
  }

  /**
   * @param {string} name
   * @param {Iterable<string>} ids
   */
  #rows(name, ids) {
    const list = typeof ids === "string" ? null : [...(ids ?? [])];
    if (!list?.every((id) => typeof id === "string")) {
      throw BundleError.of("E_PARAM", `${name} must be a list of movie ids, each a text.`, "Ids are text: '00123', not 123.");
    }
    return this.vocabulary.split(list).rows;
  }
}

/**
 * Whether a list is the one expected: scores within the tolerance, and other movies only where scores tie.
 * @param {{ids: string[], scores: number[]}} expected
 * @param {Recommendation[]} got
 * @param {number} tolerance
 */
export function compare(expected, got, tolerance) {
  if (expected.scores.length !== got.length) return { same: false, error: Infinity };
  const size = Math.max(...expected.scores.map(Math.abs), 0) || 1;
  const error = Math.max(0, ...got.map(({ score }, i) => Math.abs(score - expected.scores[i]) / size));
  const due = new Map(expected.ids.map((id, i) => [id, expected.scores[i]]));
  const last = expected.scores.at(-1) ?? 0;
  const placed = got.every(({ id, score }) => Math.abs(score - (due.get(id) ?? last)) / size <= tolerance);
  return { same: placed && error <= tolerance, error };
}

/** @param {import("./plain.js").Matrix} matrix */
function columnLengths({ codes, scale, dim, n }) {
  const squares = new Float32Array(n);
  for (let d = 0; d < dim; d++) for (let i = 0; i < n; i++) squares[i] += codes[d * n + i] ** 2;
  return squares.map((square, i) => Math.sqrt(square) * (scale?.[i] ?? 1));
}

/** @param {number} k */
function whole(k) {
  if (!Number.isInteger(k) || k < 1) throw BundleError.of("E_PARAM", `k is ${k}.`, "Ask for a whole number of movies, 1 or more.");
  return k;
}
