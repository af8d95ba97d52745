/** What a recommender can be asked, what it answers, and what is no question. */

import { BundleError } from "./errors.js";

/** @typedef {import("./vocabulary.js").Context} Context */
/** @typedef {{id: string, title: string, score: number}} Recommendation */
/** @typedef {{id: string, title?: string, vector: ArrayLike<number>}} Added a movie that the catalogue does not hold, with its vector */

/**
 * @typedef {object} Question
 * @property {Iterable<string>} [history] ids of the movies that were watched, in any order. Ids that the catalogue does not hold (any
 *   more) are passed over.
 * @property {Context} [context] attributes of the user, as in the users table
 * @property {Iterable<string>} [exclude] movie ids to leave out besides those watched
 * @property {number} [k] how many
 * @property {number} [diversity] 0 (the best k, the default) to 1: how much unlikeness counts against score in choosing k among the
 *   best `5 k` (at least 50); see `diversity.js`
 * @property {Added[]} [added] movies to rank among the catalogue's, for example one that might be bought
 */

/**
 * Why a movie got its score: `score = base + the sum of attributes + the sum over the whole history`.
 * @typedef {object} Explanation
 * @property {string} id
 * @property {string} title
 * @property {number} score
 * @property {number} base score for somebody of whom nothing is known
 * @property {{column: string, contribution: number}[]} attributes what each attribute known of the user adds
 * @property {number} history what the whole history adds; may be negative
 * @property {Reason[]} because the movies of the history that add most, largest first; empty where none speaks for this movie
 */

/**
 * @typedef {object} Reason
 * @property {string} id
 * @property {string} title
 * @property {number} contribution part of the score
 * @property {number} without the score if this one movie had not been watched
 */

/**
 * @param {number} k
 * @returns {number} throws BundleError E_PARAM where it is not a whole number, 1 or more
 */
export function whole(k) {
  if (!Number.isInteger(k) || k < 1) throw BundleError.of("E_PARAM", `k is ${k}.`, "Ask for a whole number of movies, 1 or more.");
  return k;
}

/**
 * @param {string} name
 * @param {Iterable<string>} ids
 * @returns {string[]} throws BundleError E_PARAM where they are not texts
 */
export function texts(name, ids) {
  const list = typeof ids === "string" ? null : [...(ids ?? [])];
  if (!list?.every((id) => typeof id === "string")) {
    throw BundleError.of("E_PARAM", `${name} must be a list of movie ids, each a text.`, "Ids are text: '00123', not 123.");
  }
  return list;
}

/**
 * @param {Added[]} added
 * @param {number} dim
 * @param {Map<string, number>} catalogue ids that are taken
 * @returns {{id: string, title: string, vector: Float32Array}[]} throws BundleError E_PARAM
 */
export function checkedAdded(added, dim, catalogue) {
  return added.map(({ id, title = id, vector }) => {
    const numbers = Float32Array.from(vector);
    if (numbers.length !== dim || !numbers.every(Number.isFinite)) {
      throw BundleError.of("E_PARAM", `The vector of '${id}' is not ${dim} numbers.`, "Give the movie's own vector.");
    }
    if (catalogue.has(id)) {
      throw BundleError.of("E_PARAM", `'${id}' is in the catalogue already.`, "Give the added movie another id.");
    }
    return { id, title, vector: numbers };
  });
}
