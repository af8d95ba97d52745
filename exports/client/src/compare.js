/** Are two lists of recommendations the same? */

/**
 * Whether a list is the one expected: scores within the tolerance, and other movies only where scores tie.
 * @param {{ids: string[], scores: number[]}} expected
 * @param {{id: string, score: number}[]} got
 * @param {number} tolerance relative to the largest score of the list
 * @returns {{same: boolean, error: number}} `error`: the largest difference of two scores, relative to the largest score
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
