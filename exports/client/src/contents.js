/** What each file of a bundle must hold, beyond having the right checksum. The twin of `recsys/export/content_checks.py`. */

import { isNatural, join, json } from "./bytes.js";
import { finding } from "./errors.js";
import { SCHEMA_FILE, suffix } from "./manifest.js";
import { countOf, layout, stored } from "./weights.js";

/** @typedef {import("./manifest.js").Manifest} Manifest */
/** @typedef {import("./errors.js").Finding} Finding */

/** @type {[number[], string][]} */
const SIGNATURES = [
  [[0x89, 0x48, 0x44, 0x46, 0x0d, 0x0a, 0x1a, 0x0a], "an HDF5 file"],
  [[0x50, 0x4b, 0x03, 0x04], "a zip archive"],
  [[0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59], "a NumPy file"],
  [[0x1f, 0x8b, 0x08], "a gzip file"],
];

/**
 * What the first bytes of a file give away, where that is a format that no bundle holds.
 * @param {string} name
 * @param {Uint8Array} bytes
 * @returns {string | null}
 */
export function forbidden(name, bytes) {
  if (suffix(name) === ".bin") return null; // bare numbers, whose first bytes mean nothing
  // Protocol 2 to 5, then an opcode. A safetensors file starts with the length of its header, whose third byte is zero.
  if (bytes.length >= 3 && bytes[0] === 0x80 && bytes[1] >= 2 && bytes[1] <= 5 && bytes[2] !== 0) return "a pickle";
  return SIGNATURES.find(([signature]) => signature.every((byte, i) => bytes[i] === byte))?.[1] ?? null;
}

/**
 * Id of the bundle that a file says it belongs to; null where it cannot say.
 * @param {string} name
 * @param {Uint8Array} bytes
 * @returns {string | null}
 */
export function bundleOf(name, bytes) {
  try {
    const document = suffix(name) === ".json" ? json(bytes) : suffix(name) === ".safetensors" ? header(bytes)[0].__metadata__ : null;
    const claims = [document?.bundle, document?.userDefinedMetadata?.bundle];
    return claims.find((claim) => typeof claim === "string" && claim) ?? null;
  } catch {
    return null;
  }
}

/**
 * Whether an id is another bundle's, and not this bundle's with a flipped bit in it.
 * @param {string | null} claimed
 * @param {string} own
 */
export function isForeign(claimed, own) {
  const digits = claimed === null ? [] : [...claimed];
  return digits.length === own.length && digits.filter((digit, i) => digit !== own[i]).length > 8;
}

/**
 * Findings about one file whose checksum is right.
 * @param {string} name
 * @param {(name: string) => Promise<Uint8Array | null>} read
 * @param {Manifest} manifest
 * @returns {Promise<Finding[]>}
 */
export async function check(name, read, manifest) {
  if (name === SCHEMA_FILE || [".bin", ".parquet"].includes(suffix(name))) return [];
  try {
    const bytes = /** @type {Uint8Array} */ (await read(name));
    const claimed = bundleOf(name, bytes);
    if (claimed === null) throw new TypeError(name);
    if (claimed !== manifest.bundle) return [finding("E_MIX", `${name} belongs to another bundle.`)];
    if (suffix(name) === ".safetensors") return checkTensors(name, bytes, manifest);
    if (name.split("/").at(-1) === "model.json") return await checkModel(name, json(bytes), read, manifest);
    return checkLists(name, json(bytes), manifest);
  } catch {
    return [finding("E_FORMAT", `${name} cannot be read as what its name says.`)];
  }
}

/**
 * @param {string} name
 * @param {Uint8Array} bytes
 * @param {Manifest} manifest
 */
function checkTensors(name, bytes, manifest) {
  const [tensors, start] = header(bytes);
  /** @type {Record<string, "float32" | "float16" | "uint8">} */
  const types = { F32: "float32", F16: "float16", U8: "uint8" };
  const widths = { float32: 4, float16: 2, uint8: 1 };
  const found = [];
  let finite = true;
  for (const [key, tensor] of Object.entries(tensors)) {
    if (key === "__metadata__") continue;
    if (typeof tensor.dtype !== "string" || !Object.hasOwn(types, tensor.dtype)) throw new TypeError(key);
    const [dtype, count, offsets] = [types[tensor.dtype], countOf(tensor.shape), tensor.data_offsets];
    if (!Array.isArray(offsets) || offsets.length !== 2 || !offsets.every(isNatural)) throw new TypeError(key);
    const [first, last] = offsets;
    if (last - first !== count * widths[dtype] || start + last > bytes.length) throw new RangeError(key);
    finite &&= isFinite(stored(bytes, dtype, start + first, count));
  }
  const entry = manifest.files[name];
  const main = tensors[entry.dtype === "uint8" ? "codes" : "vectors"];
  if (JSON.stringify(main.shape) !== JSON.stringify(entry.shape) || types[main.dtype] !== entry.dtype) {
    found.push(finding("E_MANIFEST", `${name}: shape or type differ from the manifest's.`));
  }
  if (!finite) found.push(finding("E_NONFINITE", `${name} holds NaN or infinity.`));
  return found;
}

/**
 * @param {string} name
 * @param {any} model
 * @param {(name: string) => Promise<Uint8Array | null>} read
 * @param {Manifest} manifest
 */
async function checkModel(name, model, read, manifest) {
  if (model.format !== "graph-model") throw new TypeError(name);
  const found = [];
  const parent = name.slice(0, -"model.json".length);
  if (!Array.isArray(model.weightsManifest)) throw new TypeError(name);
  for (const group of model.weightsManifest) {
    const shards = group.paths.map((/** @type {unknown} */ path) => {
      if (typeof path !== "string") throw new TypeError(name);
      return parent + path;
    });
    const places = layout(group.weights);
    if (shards.some((/** @type {string} */ shard) => !Object.hasOwn(manifest.files, shard))) {
      found.push(finding("E_MANIFEST", `${name} needs weights that the manifest does not list.`));
      return found;
    }
    const size = places.at(-1)?.end ?? 0;
    const listed = shards.reduce((/** @type {number} */ sum, /** @type {string} */ shard) => sum + manifest.files[shard].bytes, 0);
    if (size !== listed) {
      found.push(finding("E_MANIFEST", `${name}: its weights are of another size than the manifest says.`));
      continue;
    }
    const parts = await Promise.all(shards.map(read));
    const content = join(parts.filter((part) => part !== null));
    if (content.length !== size) continue; // a shard is missing or not what was written, which is said of the shard
    for (const { spec, dtype, start, count } of places) {
      if (!isFinite(stored(content, dtype, start, count))) {
        found.push(finding("E_NONFINITE", `${name}: weight ${spec.name} holds NaN or infinity.`));
      }
    }
  }
  return found;
}

/**
 * @param {string} name
 * @param {any} document
 * @param {Manifest} manifest
 */
function checkLists(name, document, manifest) {
  /** @type {Record<string, [string, number]>} */
  const expected = {
    "ids.json": ["movies", manifest.counts.movies],
    "titles.json": ["titles", manifest.counts.movies],
    [manifest.golden.file]: ["cases", manifest.golden.cases],
  };
  if (!Object.hasOwn(expected, name)) return [];
  const [key, count] = expected[name];
  if (!Array.isArray(document[key])) throw new TypeError(name);
  return document[key].length === count
    ? []
    : [finding("E_MANIFEST", `${name}: the number of ${key} differs from the manifest's.`)];
}

/**
 * @param {Uint8Array} bytes
 * @returns {[any, number]} header of a safetensors file, and where its numbers start
 */
function header(bytes) {
  const length = Number(new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength).getBigUint64(0, true));
  if (bytes.length < 8 + length) throw new RangeError("truncated");
  const document = json(bytes.subarray(8, 8 + length));
  if (typeof document !== "object" || document === null || Array.isArray(document)) throw new TypeError("not an object");
  return [document, 8 + length];
}

/** @param {Float32Array | Int32Array | Uint8Array} numbers */
function isFinite(numbers) {
  return !(numbers instanceof Float32Array) || numbers.every(Number.isFinite);
}

