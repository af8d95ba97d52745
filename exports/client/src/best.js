/** The highest of many scores. */

/**
 * The highest scores, best first; of equal ones the earlier row first.
 * @param {Float32Array} scores changed in place
 * @param {Iterable<number>} barred rows that may not be returned
 * @param {number} k
 * @returns {{rows: number[], scores: number[]}}
 */
export function best(scores, barred, k) {
  for (const row of barred) scores[row] = -Infinity;
  const [rows, values] = [new Int32Array(k), new Float32Array(k)];
  let [held, floor] = [0, -Infinity];
  for (let row = 0; row < scores.length; row++) {
    const score = scores[row];
    if (!(score > floor)) continue;
    let at = held < k ? held++ : k - 1;
    for (; at > 0 && values[at - 1] < score; at--) {
      values[at] = values[at - 1];
      rows[at] = rows[at - 1];
    }
    values[at] = score;
    rows[at] = row;
    if (held === k) floor = values[k - 1];
  }
  return { rows: [...rows.subarray(0, held)], scores: [...values.subarray(0, held)] };
}
