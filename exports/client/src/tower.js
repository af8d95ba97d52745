/**
 * From what somebody watched, and who they are, to their vector; and back: which of it a score comes from.
 *
 *     z      = sum of history[row] / n^p  +  sum of weight * features[code]
 *     vector = z + relu(z · W + b) · V + c
 *
 * The forward pass is that of `recsys/embeddings/tower.py`.
 */

/** @typedef {import("./model.js").GraphModel} GraphModel */
/** @typedef {{rows: number[], weights: number[]}} Coded */

/** The user tower in plain JavaScript. */
export class Tower {
  #codes;
  #scale;
  #features;
  #hidden;
  #out;
  #exponent;

  /** @param {GraphModel} model the bundle's `tfjs/user_tower`, complete */
  constructor(model) {
    this.#codes = model.needed("history/codes");
    this.#scale = model.weight("history/scale");
    this.#features = model.needed("features");
    this.#hidden = { weights: model.needed("hidden/weights"), bias: model.needed("hidden/bias") };
    this.#out = { weights: model.needed("out/weights"), bias: model.needed("out/bias") };
    this.#exponent = model.metadata.pooling_exponent;
    this.dim = this.#out.bias.length;
  }

  /**
   * @param {number[]} history rows of the movies watched, each once
   * @param {Coded} context
   * @returns {Float32Array} float32[dim]
   */
  vector(history, context) {
    const z = new Float32Array(this.dim);
    for (const row of history) add(z, this.#codes, row, this.#scale ? this.#scale[row] : 1);
    const pooling = history.length ** -this.#exponent;
    if (history.length) for (let d = 0; d < this.dim; d++) z[d] *= pooling;
    for (const [i, row] of context.rows.entries()) add(z, this.#features, row, context.weights[i]);
    const residual = dense(dense(z, this.#hidden).map((x) => Math.max(x, 0)), this.#out);
    return z.map((x, d) => x + residual[d]);
  }

  /**
   * What each thing known about somebody adds to the score of a movie: integrated gradients (Sundararajan et al. 2017) from knowing
   * nothing to knowing it all. The network is linear between the points where a hidden unit switches on or off, so the integral is
   * exact, and the parts add up to the score.
   * @param {number[]} history
   * @param {Coded} context
   * @param {Float32Array} movie float32[dim]
   * @returns {{base: number, history: number[], context: number[]}} in the order of `history` and of `context.rows`; `base` is the
   *   score for somebody of whom nothing is known
   */
  parts(history, context, movie) {
    const { dim } = this;
    const pooling = history.length ? history.length ** -this.#exponent : 1;
    const z = new Float64Array(dim);
    const ofMovie = history.map((row) => pooling * (this.#scale ? this.#scale[row] : 1));
    for (const [i, row] of history.entries()) add(z, this.#codes, row, ofMovie[i]);
    for (const [i, row] of context.rows.entries()) add(z, this.#features, row, context.weights[i]);
    const { weights, bias } = this.#hidden;
    const width = bias.length;
    const gradient = Float64Array.from(movie); // of the score, with respect to z, averaged along the way
    let base = dot(this.#out.bias, 0, movie);
    for (let unit = 0; unit < width; unit++) {
      const worth = dot(this.#out.weights, unit * dim, movie);
      let slope = 0;
      for (let d = 0; d < dim; d++) slope += z[d] * weights[d * width + unit];
      const on = shareOn(bias[unit], slope) * worth;
      for (let d = 0; d < dim; d++) gradient[d] += on * weights[d * width + unit];
      base += worth * Math.max(bias[unit], 0);
    }
    return {
      base,
      history: history.map((row, i) => ofMovie[i] * dot(this.#codes, row * dim, gradient)),
      context: context.rows.map((row, i) => context.weights[i] * dot(this.#features, row * dim, gradient)),
    };
  }
}

/**
 * Share of the way t from 0 to 1 on which `bias + t * slope` is positive.
 * @param {number} bias
 * @param {number} slope
 */
function shareOn(bias, slope) {
  const [before, after] = [bias > 0, bias + slope > 0];
  if (before === after) return Number(after);
  const turn = -bias / slope;
  return after ? 1 - turn : turn;
}

/**
 * @param {Float32Array} table
 * @param {number} start
 * @param {ArrayLike<number>} vector
 */
function dot(table, start, vector) {
  let sum = 0;
  for (let d = 0; d < vector.length; d++) sum += table[start + d] * vector[d];
  return sum;
}

/**
 * @param {Float32Array | Float64Array} sum
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
