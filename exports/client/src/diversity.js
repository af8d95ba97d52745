/** A row of movies that are not all alike: maximal marginal relevance (Carbonell and Goldstein 1998). */

/**
 * Choose k of many candidates, best first. The first is the best one. Each further one is the candidate with the highest
 *
 *     (1 - diversity) * relevance  -  diversity * likeness
 *
 * where relevance is the score, stretched over the candidates to 0 … 1, and likeness the largest cosine with a movie already chosen.
 * @param {{score: number}[]} candidates best first
 * @param {Float32Array[]} vectors of the candidates
 * @param {number} k
 * @param {number} diversity 0 (by score alone) to 1 (as unlike as can be)
 * @returns {number[]} places among the candidates
 */
export function diversified(candidates, vectors, k, diversity) {
  const [top, bottom] = [candidates[0]?.score ?? 0, candidates.at(-1)?.score ?? 0];
  const relevance = candidates.map(({ score }) => (top > bottom ? (score - bottom) / (top - bottom) : 1));
  const likeness = new Float64Array(candidates.length).fill(-1);
  const lengths = vectors.map((vector) => Math.sqrt(product(vector, vector)) || 1);
  const left = new Set(candidates.keys());
  /** @type {number[]} */
  const chosen = [];
  while (left.size && chosen.length < k) {
    let [at, most] = [-1, -Infinity];
    for (const i of left) {
      const worth = chosen.length ? (1 - diversity) * relevance[i] - diversity * likeness[i] : relevance[i];
      if (worth > most) [at, most] = [i, worth];
    }
    chosen.push(at);
    left.delete(at);
    for (const i of left) {
      likeness[i] = Math.max(likeness[i], product(vectors[at], vectors[i]) / (lengths[at] * lengths[i]));
    }
  }
  return chosen;
}

/**
 * @param {Float32Array} a
 * @param {Float32Array} b
 */
export function product(a, b) {
  let sum = 0;
  for (let d = 0; d < a.length; d++) sum += a[d] * b[d];
  return sum;
}
