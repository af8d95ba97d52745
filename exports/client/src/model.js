/** A graph model as the bundle stores it: topology and weights, by the names that the exporter gave them; shards may come later. */

import { json } from "./bytes.js";
import { decoded, layout } from "./weights.js";

/** @typedef {ReturnType<typeof layout>[number]} Place */

/** One `model.json`, and its shards as they arrive, each already verified. */
export class GraphModel {
  #next = 0;
  /** @type {Map<string, Uint8Array>} */
  #waiting = new Map();

  /** @param {Uint8Array} bytes of `model.json` */
  constructor(bytes) {
    this.document = json(bytes);
    const [group] = this.document.weightsManifest;
    /** @type {string[]} names of the shards, in order */
    this.shards = group.paths;
    this.specs = /** @type {import("./weights.js").WeightSpec[]} */ (group.weights);
    const places = layout(this.specs);
    this.bytes = new Uint8Array(places.at(-1)?.end ?? 0);
    /** Bytes that are here, from the first one on. */
    this.arrived = 0;
    this.metadata = this.document.userDefinedMetadata;
    this.places = new Map(places.map((place) => [place.spec.name, place]));
  }

  /**
   * Put a shard in its place; one that comes before its turn waits for the others.
   * @param {string} shard
   * @param {Uint8Array} bytes
   */
  add(shard, bytes) {
    this.#waiting.set(shard, bytes);
    for (let next; (next = this.#waiting.get(this.shards[this.#next])); this.#next++) {
      this.#waiting.delete(this.shards[this.#next]);
      this.bytes.set(next, this.arrived);
      this.arrived += next.length;
    }
  }

  /** Whether every shard is here. */
  get complete() {
    return this.#next === this.shards.length;
  }

  /**
   * Where a weight lies, by its logical name (`movies/codes`); null where this bundle has none.
   * @param {string} name
   * @returns {Place | null}
   */
  find(name) {
    return this.places.get(this.metadata.weights[name]) ?? null;
  }

  /**
   * @param {string} name
   * @returns {Place} throws where there is none
   */
  place(name) {
    const found = this.find(name);
    if (!found) throw new TypeError(`the graph has no ${name}`);
    return found;
  }

  /**
   * @param {string} name
   * @returns {Float32Array | null} the numbers, once every shard is here
   */
  weight(name) {
    const place = this.find(name);
    return place && /** @type {Float32Array} */ (decoded(this.bytes, place));
  }

  /**
   * @param {string} name
   * @returns {Float32Array} throws where there is none
   */
  needed(name) {
    return /** @type {Float32Array} */ (decoded(this.bytes, this.place(name)));
  }
}
