/** The two graphs in plain JavaScript: for places without WebAssembly, for small catalogues, and to check TF.js against. */

/** @typedef {import("./model.js").GraphModel} GraphModel */

/**
 * What runs a bundle's graphs.
 * @typedef {object} Engine
 * @property {string} name
 * @property {(history: number[], context: {rows: number[], weights: number[]}) => Float32Array} userVector
 * @property {(vector: Float32Array, barred: number[], k: number) => {rows: number[], scores: number[]}} retrieve
 * @property {() => void} dispose
 */

/**
 * @param {GraphModel} tower
 * @param {GraphModel} movies
 * @returns {Engine}
 */
export function plainEngine(tower, movies) {
  const user = userTower(tower);
  const catalogue = movieMatrix(movies);
  return {
    name: "plain",
    userVector: user,
    retrieve: (vector, barred, k) => best(scoresOf(catalogue, vector), barred, k),
    dispose: () => {},
  };
}

/**
 * @typedef {object} Matrix
 * @property {Float32Array} codes float32[dim, n]: columns are movies
 * @property {Float32Array | null} scale float32[n]
 * @property {number} dim
 * @property {number} n
 */

/**
 * @param {GraphModel} movies
 * @returns {Matrix}
 */
export function movieMatrix(movies) {
  const codes = movies.needed("movies/codes");
  const [dim, n] = /** @type {any} */ (movies.places.get(movies.metadata.weights["movies/codes"])).spec.shape;
  return { codes, scale: movies.weight("movies/scale"), dim, n };
}

/**
 * @param {Matrix} matrix
 * @param {Float32Array} vector
 * @returns {Float32Array} float32[n]
 */
export function scoresOf({ codes, scale, dim, n }, vector) {
  const scores = new Float32Array(n);
  for (let d = 0; d < dim; d++) {
    const weight = vector[d];
    const row = codes.subarray(d * n, (d + 1) * n);
    for (let i = 0; i < n; i++) scores[i] += weight * row[i];
  }
  if (scale) for (let i = 0; i < n; i++) scores[i] *= scale[i];
  return scores;
}

/**
 * The highest scores, best first; of equal ones the earlier row first.
 * @param {Float32Array} scores changed in place
 * @param {Iterable<number>} barred rows that may not be returned
 * @param {number} k
 * @returns {{rows: number[], scores: number[]}}
 */
export function best(scores, barred, k) {
  for (const row of barred) scores[row] = -Infinity;
  /** @type {number[]} the best so far, worst last */
  const rows = [];
  for (let row = 0; row < scores.length; row++) {
    const score = scores[row];
    if (score === -Infinity || (rows.length === k && score <= scores[rows[k - 1]])) continue;
    let at = Math.min(rows.length, k - 1);
    while (at > 0 && scores[rows[at - 1]] < score) at--;
    if (rows.length === k) rows.pop();
    rows.splice(at, 0, row);
  }
  return { rows, scores: rows.map((row) => scores[row]) };
}

/**
 * @param {GraphModel} tower
 * @returns {Engine["userVector"]}
 */
function userTower(tower) {
  const [codes, scale, features] = [tower.needed("history/codes"), tower.weight("history/scale"), tower.needed("features")];
  const hidden = { weights: tower.needed("hidden/weights"), bias: tower.needed("hidden/bias") };
  const out = { weights: tower.needed("out/weights"), bias: tower.needed("out/bias") };
  const exponent = tower.metadata.pooling_exponent;
  const dim = out.bias.length;
  return (history, context) => {
    const z = new Float32Array(dim);
    for (const row of history) add(z, codes, row, scale ? scale[row] : 1);
    const pooling = history.length ** -exponent;
    if (history.length) for (let d = 0; d < dim; d++) z[d] *= pooling;
    for (const [i, row] of context.rows.entries()) add(z, features, row, context.weights[i]);
    const residual = dense(dense(z, hidden).map((x) => Math.max(x, 0)), out);
    return z.map((x, d) => x + residual[d]);
  };
}

/**
 * @param {Float32Array} sum
 * @param {Float32Array} table
 * @param {number} row
 * @param {number} weight
 */
function add(sum, table, row, weight) {
  const start = row * sum.length;
  for (let d = 0; d < sum.length; d++) sum[d] += weight * table[start + d];
}

/**
 * @param {Float32Array} x
 * @param {{weights: Float32Array, bias: Float32Array}} layer
 * @returns {Float32Array}
 */
function dense(x, { weights, bias }) {
  const y = bias.slice();
  for (let i = 0; i < x.length; i++) add(y, weights, i, x[i]);
  return y;
}
