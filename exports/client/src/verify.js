/** May this bundle be installed? The twin of `recsys/export/verify.py`: same checks, same codes, same sentences. */

import { json, sha256 } from "./bytes.js";
import { bundleOf, check, forbidden, isForeign, suffix } from "./contents.js";
import { BundleError, finding } from "./errors.js";
import { FILE, load, rollback } from "./manifest.js";

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
 * @property {Finding[]} errors
 */

export const LATEST = "latest.json";
const FORBIDDEN = new Set(
  ".ckpt .h5 .hdf5 .joblib .keras .npy .npz .pb .pickle .pkl .pt .pth .zip".split(" "),
);

/**
 * Everything that speaks against a bundle; no errors means that it can be trusted.
 * @param {Source} source a version's folder, or a channel's (then the version that its `latest.json` names)
 * @param {{installedVersion?: string | null}} [options] the version in use here
 * @returns {Promise<Report>}
 */
export async function inspect(source, { installedVersion = null } = {}) {
  let manifest, folder;
  /** @type {Finding[]} */
  const errors = [];
  try {
    const found = await resolve(source);
    folder = found.source;
    manifest = await load(await manifestBytes(folder));
    if (found.version !== null && found.version !== manifest.version) errors.push(mixed(found.version, manifest.version));
  } catch (error) {
    if (!(error instanceof BundleError)) throw error;
    return { version: null, bundle: null, ok: false, files: 0, bytes: 0, errors: error.findings };
  }
  const back = installedVersion === null ? null : rollback(manifest.version, installedVersion);
  if (back) errors.push(back);
  const present = folder.list ? await folder.list() : null;
  const names = new Set([...Object.keys(manifest.files), ...(present?.keys() ?? [])]);
  names.delete(FILE);
  for (const name of [...names].sort()) errors.push(...(await checkName(name, folder, present, manifest)));
  return {
    version: manifest.version,
    bundle: manifest.bundle,
    ok: errors.length === 0,
    files: Object.keys(manifest.files).length,
    bytes: Object.values(manifest.files).reduce((sum, entry) => sum + entry.bytes, 0),
    errors,
  };
}

/**
 * Refuse a bundle that cannot be trusted.
 * @param {Source} source
 * @param {{installedVersion?: string | null}} [options]
 * @returns {Promise<Report>} throws BundleError with every finding
 */
export async function verify(source, options) {
  const report = await inspect(source, options);
  if (!report.ok) throw new BundleError(report.errors);
  return report;
}

/**
 * What a phone needs of a bundle, and nothing else, verified.
 * @param {Source} source
 * @param {{installedVersion?: string | null, onFile?: (name: string, done: number, all: number) => void}} [options]
 * @returns {Promise<{manifest: Manifest, files: Map<string, Uint8Array>, source: Source}>} throws BundleError
 */
export async function fetchVerified(source, { installedVersion = null, onFile } = {}) {
  const found = await resolve(source);
  const manifest = await load(await manifestBytes(found.source));
  /** @type {Finding[]} */
  const errors = [];
  if (found.version !== null && found.version !== manifest.version) errors.push(mixed(found.version, manifest.version));
  const back = installedVersion === null ? null : rollback(manifest.version, installedVersion);
  if (back) errors.push(back);
  if (errors.length) throw new BundleError(errors);
  const names = Object.keys(manifest.files)
    .filter((name) => manifest.files[name].phone)
    .sort();
  /** @type {Map<string, Uint8Array>} */
  const files = new Map();
  await Promise.all(
    names.map(async (name) => {
      const bytes = await found.source.read(name);
      if (bytes !== null) files.set(name, bytes);
      onFile?.(name, files.size, names.length);
    }),
  );
  const local = { read: async (/** @type {string} */ name) => files.get(name) ?? null, list: null, within: () => local };
  for (const name of names) errors.push(...(await checkName(name, local, null, manifest)));
  if (errors.length) throw new BundleError(errors);
  return { manifest, files, source: found.source };
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
 * @param {Source} source
 * @returns {Promise<{source: Source, version: string | null}>}
 */
async function resolve(source) {
  const pointer = await source.read(LATEST);
  if (pointer === null) return { source, version: null };
  let version;
  try {
    version = json(pointer).version;
  } catch {
    version = null;
  }
  if (typeof version !== "string" || !/^[^./\\][^/\\]*$/.test(version)) {
    throw BundleError.of("E_MANIFEST", `${LATEST} does not name a version.`);
  }
  return { source: source.within(version), version };
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
  if (bytes === null) return [finding("E_MANIFEST", `${name} is listed and missing.`)];
  if (odd) return [finding("E_FORMAT", `${name} is ${odd}, whatever its name says.`)];
  const entry = manifest.files[name];
  if (bytes.length !== entry.bytes || (await sha256(bytes)) !== entry.sha256) {
    return isForeign(bundleOf(name, bytes), manifest.bundle)
      ? [finding("E_MIX", `${name} belongs to another bundle.`)]
      : [finding("E_HASH", `${name} is not the file that was written.`)];
  }
  return check(name, source.read, manifest);
}

/**
 * @param {string} pointed
 * @param {string} found
 */
function mixed(pointed, found) {
  return finding("E_MIX", `${LATEST} names ${pointed}, and the manifest there ${found}.`);
}
