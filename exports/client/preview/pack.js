/** A bundle's files as the app hands them over: one run of bytes, read as any other source. */

import { json } from "../src/bytes.js";

/** @typedef {import("../src/verify.js").Source} Source */

/**
 * @typedef {object} Pack
 * @property {Source} source of the bundle
 * @property {any} facts what the app says besides
 * @property {string} stamp changes whenever the pack does
 */

/**
 * Take a pack apart: eight digits with the length of its table, the table (JSON), the files one after another.
 * @param {Uint8Array} bytes
 * @returns {Pack}
 */
export function unpack(bytes) {
  const length = Number(new TextDecoder().decode(bytes.subarray(0, 8)));
  const { files, facts, stamp } = json(bytes.subarray(8, 8 + length));
  let at = 8 + length;
  /** @type {Map<string, Uint8Array>} */
  const held = new Map();
  for (const [name, size] of files) {
    held.set(name, bytes.subarray(at, at + size));
    at += size;
  }
  /** @type {Source} */
  const source = { read: async (name) => held.get(name) ?? null, list: null, within: () => source };
  return { source, facts, stamp };
}
