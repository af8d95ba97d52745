/** From the version a device has to the next one: the twin of `recsys/export/delta.py`. What comes out is verified as any other file. */

import { join, json } from "./bytes.js";
import { BundleError } from "./errors.js";

/** @typedef {(name: string) => Promise<Uint8Array>} Read a file of the version that the delta is from; rejects where there is none */

/**
 * The files that a delta describes.
 * @param {Uint8Array} document bytes of `delta.json`
 * @param {Uint8Array} data bytes of `delta.bin`
 * @param {Read} read
 * @returns {Promise<Map<string, Uint8Array>>} throws BundleError E_FORMAT where it cannot be applied
 */
export async function rebuild(document, data, read) {
  try {
    const { removed, added, lists, weights } = json(document);
    const ids = /** @type {string[]} */ (json(await read("ids.json")).movies);
    const origin = origins(ids, new Set(removed), added.map((/** @type {[number, string]} */ [row]) => row));
    /** @type {Map<string, Uint8Array>} */
    const built = new Map();
    for (const list of lists) built.set(list.file, rebuiltList(list, json(await read(list.file))[list.key], origin));
    for (const group of weights) {
      const own = join(await Promise.all(group.from.map(read)));
      const whole = join(group.parts.map((/** @type {any} */ part) => rebuiltPart(part, own, data, origin, ids.length)));
      let at = 0;
      for (const [name, size] of Object.entries(/** @type {Record<string, number>} */ (group.files))) {
        built.set(name, slice(whole, at, size));
        at += size;
      }
    }
    return built;
  } catch (error) {
    throw BundleError.of("E_FORMAT", `The delta cannot be applied (${error}).`);
  }
}

/**
 * The old row of each new one; -1 where there was none.
 * @param {string[]} ids
 * @param {Set<string>} removed
 * @param {number[]} added new rows
 */
function origins(ids, removed, added) {
  const kept = ids.map((_, row) => row).filter((row) => !removed.has(ids[row]));
  const fresh = new Set(added);
  let next = 0;
  return Int32Array.from({ length: kept.length + added.length }, (_, row) => (fresh.has(row) ? -1 : kept[next++]));
}

/**
 * @param {{head: string, tail: string, changed: [number, string][]}} list
 * @param {string[]} old
 * @param {Int32Array} origin
 */
function rebuiltList({ head, tail, changed }, old, origin) {
  const texts = Array.from(origin, (row) => (row < 0 ? "" : old[row]));
  for (const [row, text] of changed) texts[row] = text;
  return new TextEncoder().encode(head + JSON.stringify(texts) + tail);
}

/**
 * @param {any} part
 * @param {Uint8Array} own
 * @param {Uint8Array} data
 * @param {Int32Array} origin
 * @param {number} nOld
 */
function rebuiltPart({ keep, data: given, table }, own, data, origin, nOld) {
  if (keep) return slice(own, keep[0], keep[1]);
  if (given) return slice(data, given[0], given[1]);
  const { lines, width } = table;
  const old = slice(own, table.from, lines * nOld * width);
  const made = new Uint8Array(lines * origin.length * width);
  for (let line = 0; line < lines; line++) {
    for (const [row, from] of origin.entries()) {
      if (from < 0) continue;
      const at = (line * nOld + from) * width;
      made.set(old.subarray(at, at + width), (line * origin.length + row) * width);
    }
  }
  const rows = new Int32Array(slice(data, table.rows, 4 * table.changed).slice().buffer);
  const values = slice(data, table.values, rows.length * lines * width);
  for (const [i, row] of rows.entries()) {
    for (let line = 0; line < lines; line++) {
      const at = (i * lines + line) * width;
      made.set(values.subarray(at, at + width), (line * origin.length + row) * width);
    }
  }
  return made;
}

/**
 * @param {Uint8Array} bytes
 * @param {number} start
 * @param {number} size
 */
function slice(bytes, start, size) {
  if (!(start >= 0 && size >= 0 && start + size <= bytes.length)) throw new RangeError("outside of the file");
  return bytes.subarray(start, start + size);
}
