/** Recommendations from a verified bundle. What somebody watched stays where it is. */

import { best } from "./best.js";
import { json } from "./bytes.js";
import { compare } from "./compare.js";
import { diversified, product } from "./diversity.js";
import { BundleError } from "./errors.js";
import { plainScorer } from "./plain.js";
import { checkedAdded, texts, whole } from "./questions.js";
import { Titles } from "./titles.js";
import { readVerified } from "./verify.js";
import { Viewer } from "./viewer.js";

/** @typedef {import("./verify.js").Source} Source */
/** @typedef {import("./vocabulary.js").Context} Context */
/** @typedef {import("./questions.js").Question} Question */
/** @typedef {import("./questions.js").Recommendation} Recommendation */
/** @typedef {import("./questions.js").Explanation} Explanation */
/** @typedef {import("./questions.js").Added} Added */

const POOL_FACTOR = 5;
const POOL_LEAST = 50;

/**
 * What a recommender is made from.
 * @typedef {object} Loaded
 * @property {import("./loader.js").Loader} loader
 * @property {import("./vocabulary.js").Vocabulary} vocabulary
 * @property {string[]} titles
 * @property {import("./catalogue.js").Catalogue} catalogue
 * @property {import("./tower.js").Tower} tower
 * @property {import("./engines.js").Engine} engine
 * @property {import("./engines.js").Skipped[]} skipped
 * @property {Promise<void>} complete
 */

/** A loaded bundle. Its methods answer at once; only loading waits. */
export class Recommender {
  #catalogue;
  #tower;
  #engine;
  #titles;
  #files;
  /** @type {Float32Array | null} */
  #lengths = null;
  /** @type {Error | null} */
  #refused = null;

  /** @param {Loaded} loaded */
  constructor({ loader, vocabulary, titles, catalogue, tower, engine, skipped, complete }) {
    this.manifest = loader.manifest;
    this.vocabulary = vocabulary;
    /** Bytes of what a phone needs. */
    this.bytes = loader.names.reduce((sum, name) => sum + loader.manifest.files[name].bytes, 0);
    /** How the files got here; final once `complete` is. */
    this.origin = loader.origin;
    /** Fulfilled when every movie is here and looked into; rejects where one of the last files is refused, as every question then is. */
    this.complete = complete.catch((error) => {
      this.#refused = error;
      throw error;
    });
    this.complete.catch(() => {});
    /** Ways to compute that were to come before `backend` and did not start, each with the reason. */
    this.skipped = skipped;
    this.#titles = new Titles(vocabulary.ids, titles);
    this.#catalogue = catalogue;
    this.#tower = tower;
    this.#engine = engine;
    this.#files = loader.files;
  }

  /** Version of the bundle, to be kept and given as `installedVersion` the next time. */
  get version() {
    return this.manifest.version;
  }

  /** Movies that can be recommended so far; all of them once `complete` is fulfilled. */
  get ready() {
    return this.#catalogue.ready;
  }

  /** What computes. */
  get backend() {
    return this.#engine.name;
  }

  /**
   * @param {string} movieId
   * @returns {string | null} its title; null where the catalogue does not hold it
   */
  title(movieId) {
    const row = this.vocabulary.rows.get(movieId);
    return row === undefined ? null : this.#titles.at(row);
  }

  /**
   * Movies whose title holds a text, whatever the case and the accents.
   * @param {string} text
   * @param {number} [k]
   * @returns {{id: string, title: string}[]} those first whose title begins with it
   */
  find(text, k = 10) {
    return this.#titles.find(text, whole(k));
  }

  /**
   * The best movies for somebody, best first. What they watched is not recommended again.
   * @param {Question} [question]
   * @returns {Recommendation[]} at most k
   */
  recommend({ history = [], context = {}, exclude = [], k = 20, diversity = 0, added = [] } = {}) {
    const watched = this.#rows("history", history);
    const barred = [...new Set([...watched, ...this.#rows("exclude", exclude)])];
    return this.#nearest(this.#engine.vector(watched, this.vocabulary.encode(context)), { barred, k, diversity, added });
  }

  /**
   * Movies most like one: by the angle between vectors, so that a popular movie is not everybody's neighbour.
   * @param {string} movieId
   * @param {number} [k]
   * @returns {Recommendation[]} the score is the cosine, -1 to 1
   */
  similar(movieId, k = 20) {
    const row = this.#known(movieId);
    if (this.#lengths?.length !== this.ready) this.#lengths = this.#catalogue.lengths();
    const lengths = /** @type {Float32Array} */ (this.#lengths);
    const cosines = plainScorer(this.#catalogue).scores(this.#catalogue.vector(row).map((x) => x / lengths[row]));
    for (let i = 0; i < cosines.length; i++) cosines[i] /= lengths[i];
    return this.#named(best(cosines, [row], whole(k)));
  }

  /**
   * Why a movie got its score: because of which movies watched, which attributes, and what it gets from anybody.
   * @param {string} movieId of the catalogue or of `added`
   * @param {{history?: Iterable<string>, context?: Context, k?: number, added?: Added[]}} [options] the user, as for `recommend`; at
   *   most `k` reasons
   * @returns {Explanation}
   */
  explain(movieId, { history = [], context = {}, k = 3, added = [] } = {}) {
    const extra = checkedAdded(added, this.manifest.dim, this.vocabulary.rows).find(({ id }) => id === movieId);
    const movie = extra?.vector ?? this.#catalogue.vector(this.#known(movieId));
    const title = extra ? extra.title : this.#titles.at(this.#known(movieId));
    const watched = this.#rows("history", history);
    const coded = this.vocabulary.encode(context);
    const parts = this.#tower.parts(watched, coded, movie);
    const without = (/** @type {number} */ row) => product(this.#tower.vector(watched.filter((other) => other !== row), coded), movie);
    const because = watched
      .map((row, i) => ({ id: this.vocabulary.ids[row], title: this.#titles.at(row), contribution: parts.history[i], row }))
      .filter(({ contribution }) => contribution > 0)
      .sort((a, b) => b.contribution - a.contribution)
      .slice(0, whole(k))
      .map(({ row, ...reason }) => ({ ...reason, without: without(row) }));
    /** @type {Map<string, number>} */
    const attributes = new Map();
    for (const [i, row] of coded.rows.entries()) {
      const column = this.vocabulary.columnOf(row);
      attributes.set(column, (attributes.get(column) ?? 0) + parts.context[i]);
    }
    return {
      id: movieId,
      title,
      score: product(this.#tower.vector(watched, coded), movie),
      base: parts.base,
      attributes: [...attributes].map(([column, contribution]) => ({ column, contribution })),
      history: parts.history.reduce((sum, part) => sum + part, 0),
      because,
    };
  }

  /**
   * Somebody whose history this device remembers, so that questions need not repeat it.
   * @param {{history?: Iterable<string>, context?: Context}} [user]
   */
  viewer(user) {
    return new Viewer(this, user);
  }

  /**
   * The vector that the model gives somebody: it tells what they watch, so keep it where it is.
   * @param {{history?: Iterable<string>, context?: Context}} [user]
   * @returns {Float32Array}
   */
  userVector({ history = [], context = {} } = {}) {
    return this.#engine.vector(this.#rows("history", history), this.vocabulary.encode(context));
  }

  /**
   * The best movies for a vector.
   * @param {Float32Array} vector
   * @param {{exclude?: Iterable<string>, k?: number, diversity?: number, added?: Added[]}} [options]
   * @returns {Recommendation[]}
   */
  nearest(vector, { exclude = [], k = 20, diversity = 0, added = [] } = {}) {
    if (vector.length !== this.manifest.dim) {
      throw BundleError.of("E_PARAM", `A vector has ${this.manifest.dim} numbers, not ${vector.length}.`, "Use userVector().");
    }
    return this.#nearest(vector, { barred: this.#rows("exclude", exclude), k, diversity, added });
  }

  /**
   * Ask the bundle's golden questions and compare with Python's answers.
   * @returns {Promise<{cases: number, same: number, maxRelativeError: number}>} `same` of `cases` lists are the same, ties aside;
   *   errors are relative to the largest score of a list
   */
  async selfTest() {
    const golden = json(await readVerified(this.#files, this.manifest.golden.file, this.manifest));
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

  /** Give back the memory of TF.js's graphs. */
  dispose() {
    this.#engine.dispose();
  }

  /**
   * @param {Float32Array} vector
   * @param {{barred: number[], k: number, diversity: number, added: Added[]}} terms
   */
  #nearest(vector, { barred, k, diversity, added }) {
    const wanted = whole(k);
    if (!(diversity >= 0 && diversity <= 1)) {
      throw BundleError.of("E_PARAM", `diversity is ${diversity}.`, "Give a number from 0 (by score alone) to 1.");
    }
    const extra = checkedAdded(added, this.manifest.dim, this.vocabulary.rows).map((movie) => ({ ...movie, score: product(vector, movie.vector) }));
    const room = this.ready - barred.filter((row) => row < this.ready).length;
    const pool = diversity > 0 ? Math.max(POOL_FACTOR * wanted, POOL_LEAST) : wanted;
    const found = room > 0 ? this.#engine.retrieve(vector, barred, Math.min(pool, room)) : { rows: [], scores: [] };
    const ranked = [...found.rows.map((row, i) => ({ row, score: found.scores[i], extra: -1 }))];
    for (const [i, { score }] of extra.entries()) ranked.push({ row: -1, score, extra: i });
    if (extra.length) ranked.sort((a, b) => b.score - a.score);
    const candidates = ranked.slice(0, pool);
    const vectors = () => candidates.map((each) => (each.row < 0 ? extra[each.extra].vector : this.#catalogue.vector(each.row)));
    const chosen = diversity > 0 ? diversified(candidates, vectors(), wanted, diversity).map((i) => candidates[i]) : candidates;
    return chosen.map(({ row, score, extra: i }) =>
      row < 0
        ? { id: extra[i].id, title: extra[i].title, score }
        : { id: this.vocabulary.ids[row], title: this.#titles.at(row), score },
    );
  }

  /** @param {{rows: number[], scores: number[]}} found */
  #named({ rows, scores }) {
    return rows.map((row, i) => ({ id: this.vocabulary.ids[row], title: this.#titles.at(row), score: scores[i] }));
  }

  /**
   * @param {string} movieId
   * @returns {number} its row
   */
  #known(movieId) {
    const [row] = this.#rows("movieId", [movieId]);
    if (row === undefined || row >= this.ready) {
      throw BundleError.of("E_MOVIE", `The catalogue holds no movie '${movieId}'.`, "Give the id of a movie in ids.json.");
    }
    return row;
  }

  /**
   * @param {string} name
   * @param {Iterable<string>} ids
   */
  #rows(name, ids) {
    if (this.#refused) throw this.#refused;
    return this.vocabulary.split(texts(name, ids)).rows;
  }
}
