/** A channel: versions of a bundle, `latest.json` that names the one in force, and `blobs/` that holds every file by its content. */

import { json, sha256 } from "./bytes.js";
import { BundleError, finding } from "./errors.js";
import { address, BLOBS, VERSION } from "./manifest.js";

/** @typedef {import("./verify.js").Source} Source */
/** @typedef {import("./manifest.js").Manifest} Manifest */

export const LATEST = "latest.json";

/**
 * The version that a source is, or that its `latest.json` names.
 * @param {Source} source
 * @returns {Promise<{source: Source, version: string | null, blobs: Source | null}>} `blobs` where the source is a channel
 */
export async function resolve(source) {
  const pointer = await source.read(LATEST);
  if (pointer === null) return { source, version: null, blobs: null };
  const version = pointedAt(pointer);
  if (version === null) throw BundleError.of("E_MANIFEST", `${LATEST} does not name a version.`);
  return { source: source.within(version), version, blobs: source.within(BLOBS) };
}

/**
 * @param {Uint8Array} pointer
 * @returns {string | null}
 */
function pointedAt(pointer) {
  try {
    const { schema, version, sequence, ...others } = json(pointer);
    const known = schema === 1 && typeof version === "string" && VERSION.test(version) && sequence === Number.parseInt(version, 10);
    return known && Object.keys(others).length === 0 ? version : null;
  } catch {
    return null;
  }
}

/**
 * The files of a version by their names, read from where a channel keeps them by content: what two versions share has one address.
 * @param {Source} blobs
 * @param {Manifest} manifest
 * @returns {Source}
 */
export function byContent(blobs, manifest) {
  const read = async (/** @type {string} */ name) =>
    Object.hasOwn(manifest.files, name) ? blobs.read(address(name, manifest.files[name])) : null;
  const source = { read, list: null, within: () => source };
  return source;
}

/**
 * Whether phones, who read by checksum, find there what the version's folder holds.
 * @param {Source} blobs
 * @param {Manifest} manifest
 */
export async function checkBlobs(blobs, manifest) {
  const errors = [];
  for (const name of Object.keys(manifest.files).sort()) {
    const blob = address(name, manifest.files[name]);
    const bytes = await blobs.read(blob);
    if (bytes === null) errors.push(finding("E_MANIFEST", `${BLOBS}/${blob} is missing.`));
    else if ((await sha256(bytes)) !== manifest.files[name].sha256) {
      errors.push(finding("E_HASH", `${BLOBS}/${blob} is not the file that was written.`));
    }
  }
  return errors;
}
