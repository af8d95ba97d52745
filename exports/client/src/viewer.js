/** One person on one device: what they watched so far, and what they would watch next. Nothing of it leaves this object. */

/** @typedef {import("./recommender.js").Recommender} Recommender */
/** @typedef {import("./questions.js").Question} Question */

/** Remembers a history, so that questions need not repeat it. */
export class Viewer {
  #recommender;
  /** @type {Set<string>} */
  #history;

  /**
   * @param {Recommender} recommender
   * @param {{history?: Iterable<string>, context?: import("./vocabulary.js").Context}} [user]
   */
  constructor(recommender, { history = [], context = {} } = {}) {
    this.#recommender = recommender;
    this.#history = new Set(history);
    this.context = context;
  }

  /** Ids of the movies watched, in the order in which they were first watched. */
  get history() {
    return [...this.#history];
  }

  /**
   * Take a view in: the next answer knows of it.
   * @param {...string} movieIds
   */
  watched(...movieIds) {
    for (const id of movieIds) this.#history.add(id);
  }

  /**
   * Forget a view, as if it had never been.
   * @param {string} movieId
   */
  forget(movieId) {
    this.#history.delete(movieId);
  }

  /** @param {Omit<Question, "history" | "context">} [question] as for `Recommender.recommend` */
  recommend(question = {}) {
    return this.#recommender.recommend({ ...question, history: this.#history, context: this.context });
  }

  /**
   * @param {string} movieId
   * @param {{k?: number, added?: import("./questions.js").Added[]}} [options]
   */
  explain(movieId, options = {}) {
    return this.#recommender.explain(movieId, { ...options, history: this.#history, context: this.context });
  }
}
