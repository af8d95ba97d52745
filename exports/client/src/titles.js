/** Titles: of a movie, and the movies whose titles hold a text. */

/** The titles of a catalogue, in its rows. */
export class Titles {
  #ids;
  #titles;
  /** @type {string[] | null} */
  #folded = null;

  /**
   * @param {string[]} ids
   * @param {string[]} titles
   */
  constructor(ids, titles) {
    this.#ids = ids;
    this.#titles = titles;
  }

  /** @param {number} row */
  at(row) {
    return this.#titles[row];
  }

  /**
   * Movies whose title holds a text, whatever the case and the accents; those that begin with it first.
   * @param {string} text
   * @param {number} k
   * @returns {{id: string, title: string}[]}
   */
  find(text, k) {
    const wanted = folded(text.trim());
    const titles = (this.#folded ??= this.#titles.map(folded));
    const places = titles.map((title, row) => ({ row, at: title.indexOf(wanted) })).filter(({ at }) => at >= 0);
    places.sort((a, b) => Number(a.at > 0) - Number(b.at > 0) || a.row - b.row);
    return places.slice(0, k).map(({ row }) => ({ id: this.#ids[row], title: this.#titles[row] }));
  }
}

/**
 * Small letters without accents; the signs of other scripts, which are letters there, stay.
 * @param {string} text
 */
function folded(text) {
  return text.normalize("NFD").replace(/[\u0300-\u036f]/g, "").normalize("NFC").toLowerCase();
}
