/** Bytes: checksums, hex, strict text, strict JSON. */

/**
 * SHA-256 in hex: by the platform's own WebCrypto, or where there is none (React Native, a page over http) in JavaScript.
 * @param {Uint8Array} bytes
 * @returns {Promise<string>}
 */
export async function sha256(bytes) {
  const subtle = globalThis.crypto?.subtle;
  if (subtle) return hex(new Uint8Array(await subtle.digest("SHA-256", /** @type {Uint8Array<ArrayBuffer>} */ (bytes))));
  const noble = await import("@noble/hashes/sha2.js");
  return hex(noble.sha256(bytes));
}

/** @param {Uint8Array} bytes */
export function hex(bytes) {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/**
 * @param {string} digits
 * @returns {Uint8Array<ArrayBuffer>} throws where it is not hex in small letters
 */
export function fromHex(digits) {
  if (digits.length % 2 || !/^[0-9a-f]*$/.test(digits)) throw new TypeError("not in hex");
  return Uint8Array.from({ length: digits.length / 2 }, (_, i) => Number.parseInt(digits.slice(2 * i, 2 * i + 2), 16));
}

/**
 * @param {Uint8Array} bytes
 * @returns {string} throws where the bytes are not UTF-8
 */
export function text(bytes) {
  return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
}

/**
 * @param {Uint8Array} bytes
 * @returns {any} throws where the bytes are not JSON in UTF-8, or are nested deeper or hold longer numbers than Python reads
 */
export function json(bytes) {
  const found = text(bytes);
  measure(found);
  return JSON.parse(found);
}

/**
 * The bounds of `recsys/foreign.py`: 32 brackets in brackets, 101 characters in a number.
 * @param {string} found
 */
function measure(found) {
  for (let i = 0, depth = 0, digits = 0; i < found.length; i++) {
    const c = found[i];
    digits = (c >= "0" && c <= "9") || c === "." || c === "e" || c === "E" || c === "+" || (c === "-" && digits) ? digits + 1 : 0;
    if (c === '"') {
      do i = found.indexOf('"', i + 1);
      while (i > 0 && escaped(found, i));
      if (i < 0) return; // a quote that is never closed: not JSON
    } else if (c === "[" || c === "{") depth++;
    else if (c === "]" || c === "}") depth--;
    if (depth > 32 || digits > 100) throw new RangeError("too deep, or too long a number");
  }
}

/**
 * @param {string} found
 * @param {number} quote
 */
function escaped(found, quote) {
  let first = quote;
  while (found[first - 1] === "\\") first--;
  return (quote - first) % 2 === 1;
}

/** @param {unknown} value whether it is a whole number from 0 that is exact in every language */
export function isNatural(value) {
  return Number.isSafeInteger(value) && /** @type {number} */ (value) >= 0;
}

/**
 * @param {Uint8Array[]} parts
 * @returns {Uint8Array} aligned for any number type
 */
export function join(parts) {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}
