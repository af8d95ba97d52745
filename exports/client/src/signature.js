/** Who made a bundle: Ed25519 signatures of the manifest's bytes. The twin of `recsys/export/signature.py`. */

import { fromHex, hex, json } from "./bytes.js";
import { BundleError } from "./errors.js";

export const SIGNATURES = "manifest.sig.json";
const MAX_BYTES = 64 * 1024;
const REMEDY = "Get the bundle from its publisher again, and the publisher's public key from somewhere else than the bundle.";
/** What comes before the 32 bytes of a key in the usual (SubjectPublicKeyInfo) form. */
const PREFIX = "302a300506032b6570032100";

/** @typedef {"valid" | "unchecked" | "none"} State `unchecked`: there is a signature and nothing to hold it against */

/**
 * What the signatures of a manifest are worth to a reader who trusts some keys; and the keys that they were made with.
 * @param {Uint8Array} content bytes of the manifest
 * @param {Uint8Array | null} signatures bytes of the file beside it
 * @param {string[] | null} trusted public keys in hex, one of which has to have signed; null where there are none to hold against
 * @returns {Promise<{state: State, signedBy: string[]}>} throws BundleError: E_SIGNATURE
 */
export async function judge(content, signatures, trusted) {
  const signedBy = signatures === null ? [] : await signers(content, signatures);
  if (trusted === null) return { state: signedBy.length ? "unchecked" : "none", signedBy };
  if (!signedBy.length) throw BundleError.of("E_SIGNATURE", "the bundle is not signed.", REMEDY);
  if (!signedBy.some((key) => trusted.includes(key))) {
    throw BundleError.of("E_SIGNATURE", "the bundle is signed by none of the keys given.", REMEDY);
  }
  return { state: "valid", signedBy };
}

/**
 * A public key as everybody writes it (PEM, the `.pub` file) or in hex, as the 64 digits that reports use.
 * @param {string} key
 * @returns {string} throws BundleError: E_KEY
 */
export function publicKey(key) {
  if (/^[0-9a-f]{64}$/.test(key)) return key;
  const base64 = /-----BEGIN PUBLIC KEY-----([A-Za-z0-9+/=\s]+)-----END PUBLIC KEY-----/.exec(key)?.[1] ?? "";
  try {
    const digits = hex(Uint8Array.from(atob(base64.replace(/\s/g, "")), (c) => c.charCodeAt(0)));
    if (digits.length === PREFIX.length + 64 && digits.startsWith(PREFIX)) return digits.slice(PREFIX.length);
  } catch {
    // not base64: refused below
  }
  throw BundleError.of("E_KEY", "That is not an Ed25519 public key.", "Give the text of the .pub file, or its 64 hex digits.");
}

/**
 * @param {Uint8Array} content
 * @param {Uint8Array} signatures
 * @returns {Promise<string[]>}
 */
async function signers(content, signatures) {
  const found = pairs(signatures);
  const valid = found && (await Promise.all(found.map(({ key, signature }) => verifies(key, signature, content).catch(() => false))));
  if (!found || !valid?.every(Boolean)) {
    throw BundleError.of("E_SIGNATURE", `${SIGNATURES} does not hold signatures of this manifest.`, REMEDY);
  }
  return found.map(({ key }) => key);
}

/**
 * @param {Uint8Array} signatures
 * @returns {{key: string, signature: string}[] | null}
 */
function pairs(signatures) {
  try {
    if (signatures.length > MAX_BYTES) return null;
    const document = json(signatures);
    const known = keys(document) === "algorithm,schema,signatures" && document.schema === 1 && document.algorithm === "Ed25519";
    if (!known || !Array.isArray(document.signatures) || !document.signatures.length) return null;
    return document.signatures.map((/** @type {any} */ entry) => {
      if (keys(entry) !== "public_key,signature") throw new TypeError("another field");
      return { key: entry.public_key, signature: entry.signature };
    });
  } catch {
    return null;
  }
}

/** @param {any} object */
function keys(object) {
  return Object.keys(object).sort().join();
}

/**
 * @param {string} key
 * @param {string} signature
 * @param {Uint8Array} content
 * @returns {Promise<boolean>} rejects where key or signature are none
 */
async function verifies(key, signature, content) {
  const [publicBytes, signed] = [fromHex(key), fromHex(signature)];
  const bytes = /** @type {Uint8Array<ArrayBuffer>} */ (content);
  const native = await nativeKey(publicBytes);
  if (native) return globalThis.crypto.subtle.verify("Ed25519", native, signed, bytes);
  const [ed25519, { sha512 }] = await Promise.all([import("@noble/ed25519"), import("@noble/hashes/sha2.js")]);
  ed25519.hashes.sha512 = sha512;
  return ed25519.verify(signed, bytes, publicBytes, { zip215: false });
}

/**
 * @param {Uint8Array<ArrayBuffer>} bytes
 * @returns {Promise<CryptoKey | null>} null where the platform has no WebCrypto, or one without Ed25519
 */
async function nativeKey(bytes) {
  const subtle = globalThis.crypto?.subtle;
  if (!subtle) return null;
  try {
    return await subtle.importKey("raw", bytes, "Ed25519", false, ["verify"]);
  } catch (error) {
    if (/** @type {any} */ (error)?.name === "NotSupportedError") return null;
    throw error;
  }
}
