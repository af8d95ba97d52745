/** Gets what a phone needs of a bundle: from the device, by a delta, or whole; every byte verified before it is used. */

import { check } from "./contents.js";
import { rebuild } from "./delta.js";
import { BundleError } from "./errors.js";
import { address, FILE, load as readManifest } from "./manifest.js";
import { SIGNATURES } from "./signature.js";
import { intact, openManifest } from "./verify.js";

/** @typedef {import("./verify.js").Source} Source */
/** @typedef {import("./store.js").Store} Store */
/** @typedef {import("./manifest.js").Manifest} Manifest */

/**
 * @typedef {object} Fetching
 * @property {Store | null} [store] where this device keeps bundles
 * @property {(name: string, done: number, all: number) => void} [onFile] told of each file that is here and verified
 */

/**
 * How the files got here.
 * @typedef {object} Origin
 * @property {number} fetched bytes that came over the network, of a delta or whole
 * @property {number} kept bytes that this device had
 * @property {string | null} delta version that a delta led from
 * @property {boolean} offline the bundle's address could not be reached: this is the version that was installed last
 */

/** A bundle whose manifest is trusted, and whose files come one by one. */
export class Loader {
  #files;
  #store;
  #seen;
  #onFile;
  /** @type {Promise<Map<string, Uint8Array>> | null} */
  #rebuilt = null;
  /** @type {Map<string, Uint8Array>} */
  #held = new Map();

  /**
   * @param {{manifest: Manifest, files: Source, previous: Manifest | null, seen: Map<string, Uint8Array>, offline: boolean}} opened
   * @param {Fetching} fetching
   */
  constructor({ manifest, files, previous, seen, offline }, { store = null, onFile }) {
    this.manifest = manifest;
    /** Reads further files of the bundle, not verified. */
    this.files = files;
    /** @type {Origin} */
    this.origin = { fetched: 0, kept: 0, delta: null, offline };
    this.previous = previous;
    this.names = Object.keys(manifest.files).filter((name) => manifest.files[name].phone);
    this.#files = files;
    this.#store = store;
    this.#seen = seen;
    this.#onFile = onFile;
  }

  /**
   * Find out which version is in force and whether it may be followed; where the address cannot be reached, the installed one is.
   * @param {Source} source
   * @param {Fetching & import("./verify.js").Trust & {unsigned?: boolean}} options
   * @returns {Promise<Loader>} throws BundleError
   */
  static async start(source, { store = null, onFile, ...trust }) {
    const [bytes, signature] = store ? await Promise.all([FILE, SIGNATURES].map((key) => store.get(key))) : [null, null];
    const previous = bytes && (await readManifest(bytes).catch(() => null));
    const installedVersion = trust.installedVersion ?? previous?.version ?? null;
    /** @type {Map<string, Uint8Array>} */
    const seen = new Map();
    try {
      const opened = await openManifest(recording(source, seen), { ...trust, installedVersion });
      return new Loader({ ...opened, previous, seen, offline: false }, { store, onFile });
    } catch (error) {
      if (!(error instanceof BundleError && error.code === "E_UNREACHABLE" && previous && store)) throw error;
      const held = fromStore(store, bytes, signature);
      const opened = await openManifest(held, trust);
      const files = { ...held, read: async (/** @type {string} */ name) => store.get(address(name, opened.manifest.files[name])) };
      return new Loader({ ...opened, files, previous, seen, offline: true }, { store, onFile });
    }
  }

  /**
   * A file's bytes, the ones that the manifest lists.
   * @param {string} name
   * @returns {Promise<Uint8Array>} throws BundleError
   */
  async get(name) {
    const entry = this.manifest.files[name];
    let bytes = await this.#kept(name);
    if (bytes) this.origin.kept += bytes.length;
    else {
      bytes = await this.#byDelta(name);
      if (!bytes) {
        bytes = await this.#files.read(name);
        const wrong = await intact(name, bytes, this.manifest);
        if (wrong.length || !bytes) throw new BundleError(wrong);
        this.origin.fetched += entry.bytes;
      }
    }
    this.#held.set(name, bytes);
    this.#onFile?.(name, this.#held.size, this.names.length);
    return bytes;
  }

  /** Look into the files, all of which are here, and keep them on this device. */
  async finish() {
    const read = async (/** @type {string} */ name) => this.#held.get(name) ?? null;
    const errors = [];
    for (const name of [...this.names].sort()) errors.push(...(await check(name, read, this.manifest)));
    if (errors.length) throw new BundleError(errors);
    const manifest = this.#seen.get(FILE);
    if (this.#store && !this.origin.offline && manifest) await this.#keep(this.#store, manifest);
    this.#held.clear();
  }

  /**
   * Files first, then the manifest that makes them the installed version, then away with what it does not need.
   * @param {Store} store
   * @param {Uint8Array} manifest
   */
  async #keep(store, manifest) {
    const there = new Set(await store.keys());
    const needed = new Set([FILE]);
    for (const [name, bytes] of this.#held) {
      const key = address(name, this.manifest.files[name]);
      needed.add(key);
      if (!there.has(key)) await store.put(key, bytes);
    }
    const signature = this.#seen.get(SIGNATURES);
    if (signature) {
      needed.add(SIGNATURES);
      await store.put(SIGNATURES, signature);
    }
    await store.put(FILE, manifest);
    for (const key of there) if (!needed.has(key)) await store.delete(key);
  }

  /**
   * @param {string} name
   * @returns {Promise<Uint8Array | null>} the file as this device has it; null where it has none, or a damaged one
   */
  async #kept(name) {
    const bytes = (await this.#store?.get(address(name, this.manifest.files[name]))) ?? null;
    return bytes && (await intact(name, bytes, this.manifest)).length === 0 ? bytes : null;
  }

  /**
   * @param {string} name
   * @returns {Promise<Uint8Array | null>} the file as a delta from the installed version makes it; null where none does
   */
  async #byDelta(name) {
    const [store, previous] = [this.#store, this.previous];
    const delta = this.manifest.deltas.find(({ from }) => from === previous?.version);
    if (!store || !previous || !delta?.rebuilds.includes(name)) return null;
    this.#rebuilt ??= this.#applied(store, previous, delta);
    return (await this.#rebuilt).get(name) ?? null;
  }

  /**
   * @param {Store} store
   * @param {Manifest} previous
   * @param {import("./manifest.js").Delta} entry
   * @returns {Promise<Map<string, Uint8Array>>}
   */
  async #applied(store, previous, entry) {
    const parts = [`${entry.folder}/delta.json`, `${entry.folder}/delta.bin`];
    const contents = [];
    for (const name of parts) {
      const bytes = await this.#files.read(name);
      const wrong = await intact(name, bytes, this.manifest);
      if (wrong.length || !bytes) throw new BundleError(wrong);
      this.origin.fetched += bytes.length;
      contents.push(bytes);
    }
    const read = async (/** @type {string} */ name) => {
      const bytes = await store.get(address(name, previous.files[name]));
      // Not what was kept: the whole new files are fetched instead.
      if (!bytes || (await intact(name, bytes, previous)).length) throw new Damaged(name);
      return bytes;
    };
    /** @type {Map<string, Uint8Array>} */
    let built;
    try {
      built = await rebuild(contents[0], contents[1], read);
    } catch (error) {
      if (error instanceof Damaged) return new Map();
      throw error;
    }
    for (const name of entry.rebuilds) {
      const wrong = await intact(name, built.get(name) ?? null, this.manifest);
      if (wrong.length) throw new BundleError(wrong);
    }
    this.origin.delta = previous.version;
    return built;
  }
}

/** A file on this device that is not what was kept there. */
class Damaged extends Error {}

/**
 * A source that remembers the manifest and the signature that were read from it.
 * @param {Source} source
 * @param {Map<string, Uint8Array>} seen
 * @returns {Source}
 */
function recording(source, seen) {
  return {
    list: source.list,
    within: (folder) => recording(source.within(folder), seen),
    read: async (name) => {
      const bytes = await source.read(name);
      if (bytes && (name === FILE || name === SIGNATURES)) seen.set(name, bytes);
      return bytes;
    },
  };
}

/**
 * @param {Store} store
 * @param {Uint8Array | null} manifest
 * @param {Uint8Array | null} signature
 * @returns {Source}
 */
function fromStore(store, manifest, signature) {
  const held = new Map([
    [FILE, manifest],
    [SIGNATURES, signature],
  ]);
  /** @type {Source} */
  const source = { read: async (name) => held.get(name) ?? null, list: null, within: () => source };
  return source;
}
