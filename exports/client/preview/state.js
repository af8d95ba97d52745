/** What the preview asks the client, and what it got: no page here, only questions and answers. */

/** @typedef {import("../src/recommender.js").Recommender} Recommender */
/** @typedef {import("../src/questions.js").Recommendation} Recommendation */

export const ROW = 10;
export const COMPARED = 20;
const ROUNDS = 15;

/**
 * @typedef {object} Offer
 * @property {string} id
 * @property {string} title
 * @property {number[]} vector
 */

/**
 * @typedef {object} Choice what somebody set in the preview
 * @property {string[]} history
 * @property {Record<string, string>} context
 * @property {Offer | null} offer
 * @property {number} diversity
 */

/**
 * @typedef {object} Answer
 * @property {(Recommendation & {because: string | null, offered: boolean})[]} row
 * @property {number | null} place of the offer in the whole catalogue, from 1
 * @property {string | null} pushedOut title that the offer takes off the row
 * @property {Recommendation[]} compared the best by score alone, for the server to be held against
 * @property {number} milliseconds median of an answer
 */

/**
 * @param {Recommender} recommender
 * @param {Choice} choice
 * @param {string[]} gone ids of movies that are no longer on the service
 * @returns {Answer}
 */
export function ask(recommender, { history, context, offer, diversity }, gone) {
  const added = offer ? [offer] : [];
  const question = { history, context, exclude: gone, added };
  const found = recommender.recommend({ ...question, k: ROW, diversity });
  const row = found.map((movie) => {
    const [reason] = recommender.explain(movie.id, { history, context, added, k: 1 }).because;
    return { ...movie, because: reason?.title ?? null, offered: movie.id === offer?.id };
  });
  const before = offer ? recommender.recommend({ history, context, exclude: gone, k: ROW, diversity }) : [];
  const kept = new Set(found.map(({ id }) => id));
  return {
    row,
    place: offer ? placeOf(recommender, question, offer.id) : null,
    pushedOut: before.find(({ id }) => !kept.has(id))?.title ?? null,
    compared: recommender.recommend({ ...question, k: COMPARED }),
    milliseconds: median(() => recommender.recommend({ ...question, k: ROW, diversity })),
  };
}

/**
 * @param {Recommender} recommender
 * @param {import("../src/questions.js").Question} question
 * @param {string} id
 */
function placeOf(recommender, question, id) {
  const everything = recommender.recommend({ ...question, k: recommender.manifest.counts.movies + 1 });
  return 1 + everything.findIndex((movie) => movie.id === id);
}

/** @param {() => void} step */
function median(step) {
  const taken = Array.from({ length: ROUNDS }, () => {
    const before = performance.now();
    step();
    return performance.now() - before;
  });
  return taken.sort((a, b) => a - b)[Math.floor(ROUNDS / 2)];
}
