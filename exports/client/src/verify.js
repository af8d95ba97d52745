/** May this bundle be installed? The twin of `recsys/export/verify.py`: same checks, same codes, same sentences. */

import { sha256 } from "./bytes.js";
import { byContent, checkBlobs, LATEST, resolve } from "./channel.js";
import { bundleOf, check, forbidden, isForeign } from "./contents.js";
import { BundleError, finding } from "./errors.js";
import { checkDigest, FILE, load, rollback, suffix } from "./manifest.js";
import { judge, publicKey, SIGNATURES } from "./signature.js";

/** @typedef {import("./errors.js").Finding} Finding */
/** @typedef {import("./manifest.js").Manifest} Manifest */

/**
 * Where a bundle lies.
 * @typedef {object} Source
 * @property {(name: string) => Promise<Uint8Array | null>} read a file's bytes; null where there is none
 * @property {(() => Promise<Map<string, boolean>>) | null} list every path and whether it is a plain file; null where that cannot be
 *   known (a web server), so that files which the manifest does not list go unseen, and unused
 * @property {(folder: string) => Source} within a source for a folder of this one
 */

/**
 * @typedef {object} Report
 * @property {string | null} version
 * @property {string | null} bundle
 * @property {boolean} ok
 * @property {number} files
 * @property {number} bytes
 * @property {import("./signature.js").State | null} signature null where what lies there cannot be a signature
 * @property {string[]} signed_by public keys, in hex
 * @property {Finding[]} errors
 * @property {Finding[]} warnings
 */

/**
 * @typedef {object} Trust
 * @property {string | null} [installedVersion] the version in use here, so that an older one is refused
 * @property {string | string[] | null} [publicKey] of the publisher: the text of the `.pub` file, or its 64 hex digits; of several,
 *   one has to have signed
 */

const FORBIDDEN = new Set(
  ".ckpt .h5 .hdf5 .joblib .keras .npy .npz .pb .pickle .pkl .pt .pth .zip".split(" "),
);

/**
 * Everything that speaks against a bundle; no errors means that it can be trusted.
 * @param {Source} source a version's folder, or a channel's (then the version that its `latest.json` names)
 * @param {Trust} [options]
 * @returns {Promise<Report>}
 */
export async function inspect(source, { installedVersion = null, publicKey = null } = {}) {
  /** @type {import("./signature.js").State | null} */
  let state = null;
  /** @type {string[]} */
  let signedBy = [];
  let manifest, found;
  try {
    found = await resolve(source);
    const content = await manifestBytes(found.source);
    await checkDigest(content);
    // Who made it comes before what it says.
    ({ state, signedBy } = await judge(content, await found.source.read(SIGNATURES), keysOf(publicKey)));
    manifest = await load(content);
  } catch (error) {
    if (!(error instanceof BundleError)) throw error;
    return report(null, state, signedBy, error.findings);
  }
  const errors = standing(found.version, manifest, installedVersion);
  const present = found.source.list ? await found.source.list() : null;
  const names = new Set([...Object.keys(manifest.files), ...(present?.keys() ?? [])]);
  for (const name of [FILE, SIGNATURES]) names.delete(name);
  for (const name of [...names].sort()) errors.push(...(await checkName(name, found.source, present, manifest)));
  if (found.blobs) errors.push(...(await checkBlobs(found.blobs, manifest)));
  return report(manifest, state, signedBy, errors);
}

/**
 * Refuse a bundle that cannot be trusted.
 * @param {Source} source
 * @param {Trust} [options]
 * @returns {Promise<Report>} throws BundleError with every finding
 */
export async function verify(source, options) {
  const found = await inspect(source, options);
  if (!found.ok) throw new BundleError(found.errors);
  return found;
}

/**
 * Read a manifest and find out whether it may be followed. Files are then read with `readVerified`.
 * @param {Source} source a version's folder, or a channel's
 * @param {Trust & {unsigned?: boolean}} [options] `unsigned`: take a bundle though no public key is given to hold it against
 * @returns {Promise<{manifest: Manifest, files: Source}>} `files` reads the files that the manifest lists, by their names; throws
 *   BundleError
 */
export async function openManifest(source, { installedVersion = null, publicKey = null, unsigned = false } = {}) {
  if (publicKey === null && !unsigned) {
    throw BundleError.of(
      "E_SIGNATURE",
      "There is no public key to tell who made the bundle.",
      "Give publicKey, the text of the publisher's .pub file; or say unsigned: true.",
    );
  }
  const found = await resolve(source);
  const content = await manifestBytes(found.source);
  await checkDigest(content);
  if (publicKey !== null) await judge(content, await found.source.read(SIGNATURES), keysOf(publicKey));
  const manifest = await load(content);
  const errors = standing(found.version, manifest, installedVersion);
  if (errors.length) throw new BundleError(errors);
  return { manifest, files: found.blobs ? byContent(found.blobs, manifest) : found.source };
}

/**
 * One further file of a bundle whose manifest is known, verified.
 * @param {Source} source
 * @param {string} name
 * @param {Manifest} manifest
 * @returns {Promise<Uint8Array>} throws BundleError
 */
export async function readVerified(source, name, manifest) {
  const bytes = await source.read(name);
  const local = { read: async () => bytes, list: null, within: () => local };
  const errors = await checkName(name, local, null, manifest);
  if (errors.length || bytes === null) throw new BundleError(errors);
  return bytes;
}

/**
 * @param {Manifest | null} manifest
 * @param {Report["signature"]} state
 * @param {string[]} signedBy
 * @param {Finding[]} errors
 * @returns {Report}
 */
function report(manifest, state, signedBy, errors) {
  const entries = Object.values(manifest?.files ?? {});
  return {
    version: manifest?.version ?? null,
    bundle: manifest?.bundle ?? null,
    ok: errors.length === 0,
    files: entries.length,
    bytes: entries.reduce((sum, entry) => sum + entry.bytes, 0),
    signature: state,
    signed_by: signedBy,
    errors,
    warnings: warnings(state),
  };
}

/**
 * What a reader should know who gave no public key.
 * @param {Report["signature"]} state
 */
function warnings(state) {
  if (state === "none") {
    const remedy = "Take it only from a place that you trust, or ask the publisher to sign it (recsys export --key).";
    return [finding("W_UNSIGNED", "The bundle is not signed: anybody can have made it.", remedy)];
  }
  if (state === "unchecked") {
    const message = "No public key was given: the bundle is intact, and anybody can have made it.";
    return [finding("W_UNCHECKED", message, "Give the publisher's public key.")];
  }
  return [];
}

/**
 * What speaks against a manifest beside its files: the pointer means another version, or a newer one is installed.
 * @param {string | null} pointed
 * @param {Manifest} manifest
 * @param {string | null} installedVersion
 */
function standing(pointed, manifest, installedVersion) {
  const errors = [];
  if (pointed !== null && pointed !== manifest.version) {
    errors.push(finding("E_MIX", `${LATEST} names ${pointed}, and the manifest there ${manifest.version}.`));
  }
  const back = installedVersion === null ? null : rollback(manifest.version, installedVersion);
  if (back) errors.push(back);
  return errors;
}

/** @param {Trust["publicKey"]} keys */
function keysOf(keys) {
  return keys === null || keys === undefined ? null : [keys].flat().map(publicKey);
}

/** @param {Source} source */
async function manifestBytes(source) {
  const bytes = await source.read(FILE);
  if (bytes === null) throw BundleError.of("E_MANIFEST", `${FILE} is missing.`);
  return bytes;
}

/**
 * @param {string} name
 * @param {Source} source
 * @param {Map<string, boolean> | null} present
 * @param {Manifest} manifest
 * @returns {Promise<Finding[]>}
 */
async function checkName(name, source, present, manifest) {
  const listed = Object.hasOwn(manifest.files, name);
  const bytes = present && !present.get(name) ? null : await source.read(name);
  const odd = bytes && forbidden(name, bytes);
  if (!listed) {
    return FORBIDDEN.has(suffix(name).toLowerCase()) || odd
      ? [finding("E_FORMAT", `${name} is of a format that no bundle holds.`)]
      : [finding("E_MANIFEST", `${name} is not in the manifest.`)];
  }
  const wrong = await intact(name, bytes, manifest);
  return wrong.length ? wrong : check(name, source.read, manifest);
}

/**
 * Whether bytes are those of a file that the manifest lists; what they mean is not looked into.
 * @param {string} name
 * @param {Uint8Array | null} bytes null where there are none
 * @param {Manifest} manifest
 * @returns {Promise<Finding[]>}
 */
export async function intact(name, bytes, manifest) {
  if (bytes === null) return [finding("E_MANIFEST", `${name} is listed and missing.`)];
  const odd = forbidden(name, bytes);
  if (odd) return [finding("E_FORMAT", `${name} is ${odd}, whatever its name says.`)];
  const entry = manifest.files[name];
  if (bytes.length !== entry.bytes || (await sha256(bytes)) !== entry.sha256) {
    return isForeign(bundleOf(name, bytes), manifest.bundle)
      ? [finding("E_MIX", `${name} belongs to another bundle.`)]
      : [finding("E_HASH", `${name} is not the file that was written.`)];
  }
  return [];
}
