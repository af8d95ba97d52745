/** The manifest of a bundle: read, and refused. The twin of `recsys/export/manifest.py`. */

import { json, sha256 } from "./bytes.js";
import { BundleError, finding } from "./errors.js";
import schema from "./manifest-schema.js";
import { violations } from "./schema.js";

export const FILE = "manifest.json";
export const SCHEMA_FILE = "manifest.schema.json";
export const BLOBS = "blobs";
export const CLIENT_VERSION = "0.3.0";
const SCHEMA = 2;
const MAX_BYTES = 4 * 1024 * 1024;
export const VERSION = /^[1-9][0-9]{0,9}-[0-9a-f]{12}$/;
const DIGEST = /"digest": "([0-9a-f]{64})"/g;

/**
 * @typedef {object} FileEntry
 * @property {number} bytes
 * @property {string} sha256
 * @property {boolean} phone whether a phone needs it
 * @property {number[]} [shape]
 * @property {"float32" | "float16" | "uint8"} [dtype]
 */

/**
 * The fields that this client reads; `manifest.schema.json` describes them all.
 * @typedef {object} Manifest
 * @property {2} schema
 * @property {string} name
 * @property {string} version
 * @property {number} sequence
 * @property {string} bundle
 * @property {string} created
 * @property {number} dim
 * @property {boolean} simulated
 * @property {"float32" | "float16" | "uint8"} dtype
 * @property {{movies: number, users: number}} counts
 * @property {{max_movies: number}} history
 * @property {{file: string, cases: number, top: number, relative_tolerance: number}} golden
 * @property {string} minimum_client
 * @property {{phone: number, all: number, vectors: number, vectors_float32: number}} sizes bytes
 * @property {Record<string, FileEntry>} files
 * @property {Delta[]} deltas shorter ways from earlier versions
 */

/**
 * @typedef {object} Delta
 * @property {string} from version that the receiver has
 * @property {string} folder holds `delta.json` and `delta.bin`
 * @property {number} bytes of the two together
 * @property {string[]} rebuilds files that are made from the receiver's own and the delta, and then verified as any other
 * @property {{added: number, removed: number, changed: number}} rows
 */

/**
 * Read a manifest that nobody has changed since it was written.
 * @param {Uint8Array} bytes
 * @returns {Promise<Manifest>} throws BundleError: E_MANIFEST, E_HASH, E_VERSION
 */
export async function load(bytes) {
  await checkDigest(bytes);
  const document = parse(bytes);
  const found = document.schema;
  if (found !== SCHEMA && Number.isSafeInteger(found)) {
    const remedy = found > SCHEMA ? "Update this program." : "Export again.";
    throw BundleError.of("E_VERSION", `${FILE} has schema ${found}; this program reads ${SCHEMA}.`, remedy);
  }
  const wrong = violations(schema, document);
  if (wrong.length) throw BundleError.of("E_MANIFEST", `${FILE} does not follow its schema at ${wrong.join(", ")}.`);
  if (document.version !== `${document.sequence}-${document.bundle.slice(0, 12)}`) {
    throw BundleError.of("E_MANIFEST", `${FILE}: version, sequence and bundle id disagree.`);
  }
  if (!Object.entries(document.files).every(([name, { shape }]) => fits(name, shape, document))) {
    throw BundleError.of("E_MANIFEST", `${FILE}: counts, width and shapes disagree.`);
  }
  if (newer(document.minimum_client, CLIENT_VERSION)) {
    throw BundleError.of(
      "E_VERSION",
      `The bundle needs client ${document.minimum_client}; this is ${CLIENT_VERSION}.`,
      "Update the client.",
    );
  }
  return document;
}

/**
 * Whether a table of vectors has as many rows and columns as the manifest states elsewhere; other files have no such shape.
 * @param {string} name
 * @param {number[] | undefined} shape
 * @param {Manifest} document
 */
function fits(name, shape, { counts, dim }) {
  const of = /^(movies|users)\.(?:parquet|safetensors)$/.exec(name);
  return !of || String(shape) === `${counts[/** @type {"movies" | "users"} */ (of[1])]},${dim}`;
}

/**
 * Where a channel keeps a file by its content: the same bytes have one place, and a place never holds others.
 * @param {string} name
 * @param {FileEntry} entry
 */
export function address(name, { sha256: digest }) {
  return `${digest}${suffix(name)}`;
}

/**
 * @param {string} name
 * @returns {string} `.json` of `tfjs/retrieve/model.json`
 */
export function suffix(name) {
  const last = /** @type {string} */ (name.split("/").at(-1));
  const dot = last.lastIndexOf(".");
  return dot > 0 ? last.slice(dot) : "";
}

/**
 * What is wrong with putting `version` in the place of `installed`; null where it is the same or newer.
 * @param {string} version
 * @param {string} installed
 * @returns {import("./errors.js").Finding | null}
 */
export function rollback(version, installed) {
  if (!VERSION.test(installed)) {
    throw BundleError.of(
      "E_VERSION",
      `'${installed}' is not the version of a bundle.`,
      "Give it as in manifest.json, for example 7-0123456789ab.",
    );
  }
  if (version === installed || Number.parseInt(version, 10) > Number.parseInt(installed, 10)) return null;
  return finding(
    "E_ROLLBACK",
    `Version ${version} is not newer than the installed ${installed}.`,
    "Keep the installed version; to go back on purpose, export the old run again: it gets a new version.",
  );
}

/**
 * Whether a manifest's bytes are those that were written; nothing in them is read but the digest.
 * @param {Uint8Array} bytes
 * @returns {Promise<void>} throws BundleError: E_MANIFEST, E_HASH
 */
export async function checkDigest(bytes) {
  if (bytes.length > MAX_BYTES) throw BundleError.of("E_MANIFEST", `${FILE} is larger than ${MAX_BYTES} bytes.`);
  const characters = Array.from({ length: Math.ceil(bytes.length / 8192) }, (_, i) =>
    String.fromCharCode(...bytes.subarray(i * 8192, (i + 1) * 8192)),
  ).join("");
  const digests = [...characters.matchAll(DIGEST)];
  if (digests.length !== 1) throw BundleError.of("E_MANIFEST", `${FILE} carries no digest of its own.`);
  const blank = characters.replace(DIGEST, `"digest": "${"0".repeat(64)}"`);
  if ((await sha256(Uint8Array.from(blank, (c) => c.charCodeAt(0)))) !== digests[0][1]) {
    throw BundleError.of("E_HASH", `${FILE} is not the file that was written.`);
  }
}

/**
 * @param {Uint8Array} bytes
 * @returns {any}
 */
function parse(bytes) {
  let document;
  try {
    document = json(bytes);
  } catch {
    throw BundleError.of("E_MANIFEST", `${FILE} is not JSON.`);
  }
  if (typeof document !== "object" || document === null || Array.isArray(document)) {
    throw BundleError.of("E_MANIFEST", `${FILE} does not follow its schema at /.`);
  }
  return document;
}

/**
 * @param {string} a
 * @param {string} b
 */
function newer(a, b) {
  const [left, right] = [a, b].map((version) => version.split(".").map(Number));
  const at = left.findIndex((part, i) => part !== right[i]);
  return at >= 0 && left[at] > right[at];
}
