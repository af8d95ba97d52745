/** Bytes: checksums, strict text, strict JSON. */

import { BundleError } from "./errors.js";

/**
 * SHA-256 in hex, by the platform's own WebCrypto.
 * @param {Uint8Array} bytes
 * @returns {Promise<string>}
 */
export async function sha256(bytes) {
  const subtle = globalThis.crypto?.subtle;
  if (!subtle) {
    throw BundleError.of(
      "E_INSECURE",
      "This page has no WebCrypto, so that nothing can be verified.",
      "Serve it over https or from localhost.",
    );
  }
  const digest = await subtle.digest("SHA-256", /** @type {Uint8Array<ArrayBuffer>} */ (bytes));
  return Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, "0")).join("");
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
 * @returns {any} throws where the bytes are not JSON in UTF-8
 */
export function json(bytes) {
  return JSON.parse(text(bytes));
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
