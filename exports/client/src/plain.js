/** Scores of a catalogue in plain JavaScript: for places without WebAssembly, and to check the others against. */

/** @typedef {import("./catalogue.js").Catalogue} Catalogue */

/**
 * What multiplies a vector with every movie's.
 * @typedef {object} Scorer
 * @property {string} name
 * @property {(vector: Float32Array) => Float32Array} scores float32[ready]; may be overwritten by the next call
 * @property {() => void} update take in the movies that have arrived since
 * @property {() => void} dispose
 */

/**
 * @param {Catalogue} catalogue
 * @returns {Scorer}
 */
export function plainScorer(catalogue) {
  return { name: "plain", scores: (vector) => products(catalogue, vector), update: () => {}, dispose: () => {} };
}

/**
 * @param {Catalogue} catalogue
 * @param {Float32Array} vector
 */
function products({ codes, scale, dim, ready }, vector) {
  const scores = new Float32Array(ready);
  const even = dim - (dim % 4);
  for (let row = 0, at = 0; row < ready; row++) {
    let i = 0;
    let a = 0; // four sums, so that an addition need not wait for the one before
    let b = 0;
    let c = 0;
    let d = 0;
    for (; i < even; i += 4, at += 4) {
      a += vector[i] * codes[at];
      b += vector[i + 1] * codes[at + 1];
      c += vector[i + 2] * codes[at + 2];
      d += vector[i + 3] * codes[at + 3];
    }
    for (; i < dim; i++, at++) a += vector[i] * codes[at];
    scores[row] = a + b + (c + d);
  }
  if (scale) for (let row = 0; row < ready; row++) scores[row] *= scale[row];
  return scores;
}
