/** Ids and attribute values ↔ rows of the model's tables. The attribute rules are those of `recsys/embeddings/features.py`. */

/** @typedef {{column: string, names?: string[], knots?: number[]}} Feature */
/** @typedef {Record<string, string | number | boolean | string[] | null | undefined>} Context */

/** Movie ids and the attributes that the user tower knows. */
export class Vocabulary {
  /** @param {{movies: string[], context: Feature[]}} document `ids.json` */
  constructor({ movies, context }) {
    this.ids = movies;
    this.features = context;
    /** @type {Map<string, number>} */
    this.rows = new Map(movies.map((id, row) => [id, row]));
  }

  /**
   * Rows of the ids that the catalogue holds, each once, ascending; and the ids it does not hold.
   * @param {Iterable<string>} ids
   * @returns {{rows: number[], unknown: string[]}}
   */
  split(ids) {
    /** @type {Set<number>} */
    const rows = new Set();
    /** @type {string[]} */
    const unknown = [];
    for (const id of ids) {
      const row = this.rows.get(id);
      if (row === undefined) unknown.push(id);
      else rows.add(row);
    }
    return { rows: [...rows].sort((a, b) => a - b), unknown };
  }

  /**
   * The attribute that a row of the attributes' table belongs to.
   * @param {number} row
   * @returns {string}
   */
  columnOf(row) {
    let end = 0;
    const found = this.features.find((feature) => row < (end += size(feature)));
    if (!found) throw new RangeError(`no attribute has row ${row}`);
    return found.column;
  }

  /**
   * Rows and weights of the attributes; a value that training did not see adds nothing.
   * @param {Context} context
   * @returns {{rows: number[], weights: number[]}}
   */
  encode(context) {
    /** @type {number[]} */
    const rows = [];
    /** @type {number[]} */
    const weights = [];
    let first = 0;
    for (const feature of this.features) {
      const { column, names, knots } = feature;
      const value = context[column];
      const found = knots?.length ? interpolated(knots, value) : named(names ?? [], value);
      for (const [code, weight] of found) {
        rows.push(first + code);
        weights.push(Math.fround(weight));
      }
      first += size(feature);
    }
    return { rows, weights };
  }
}

/**
 * Rows that an attribute takes.
 * @param {Feature} feature
 */
function size({ names, knots }) {
  return (knots?.length ? knots : (names ?? [])).length;
}

/**
 * @param {string[]} names
 * @param {Context[string]} value one or several, joined by `|` or in a list
 * @returns {[number, number][]}
 */
function named(names, value) {
  const texts = Array.isArray(value) ? value : [value];
  const pieces = texts.filter((each) => each !== null && each !== undefined).flatMap((each) => asText(each).split("|"));
  const codes = [...new Set(pieces.map((piece) => piece.trim()))].map((piece) => names.indexOf(piece)).filter((code) => code >= 0);
  return codes.sort((a, b) => a - b).map((code) => [code, 1 / codes.length]);
}

/**
 * @param {number[]} knots ascending
 * @param {Context[string]} value
 * @returns {[number, number][]} the number shared between the two knots it lies between
 */
function interpolated(knots, value) {
  const number = typeof value === "string" && value.trim() ? Number(value) : typeof value === "number" ? value : NaN;
  if (!Number.isFinite(number)) return [];
  const last = knots.length - 1;
  if (number <= knots[0]) return [[0, 1]];
  if (number >= knots[last]) return [[last, 1]];
  const below = knots.findLastIndex((knot) => knot <= number);
  const share = (number - knots[below]) / (knots[below + 1] - knots[below]);
  return share === 0 ? [[below, 1]] : [[below, 1 - share], [below + 1, share]];
}

/** @param {string | number | boolean} value */
function asText(value) {
  return typeof value === "boolean" ? (value ? "True" : "False") : String(value);
}
