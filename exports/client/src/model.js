/** A graph model as the bundle stores it: topology and weights, by the names that the exporter gave them. */

import { join, json } from "./bytes.js";
import { decoded, layout } from "./weights.js";

/** One `model.json` with its shards, already verified. */
export class GraphModel {
  /**
   * @param {Map<string, Uint8Array>} files
   * @param {string} folder for example `tfjs/retrieve`
   */
  constructor(files, folder) {
    this.document = json(part(files, `${folder}/model.json`));
    const [group] = this.document.weightsManifest;
    this.specs = /** @type {import("./weights.js").WeightSpec[]} */ (group.weights);
    this.bytes = join(group.paths.map((/** @type {string} */ path) => part(files, `${folder}/${path}`)));
    this.metadata = this.document.userDefinedMetadata;
    this.places = new Map(layout(this.specs).map((place) => [place.spec.name, place]));
  }

  /**
   * A weight by its logical name (`movies/codes`); null where this bundle has none.
   * @param {string} name
   * @returns {Float32Array | null}
   */
  weight(name) {
    const place = this.places.get(this.metadata.weights[name]);
    return place ? /** @type {Float32Array} */ (decoded(this.bytes, place)) : null;
  }

  /**
   * @param {string} name
   * @returns {Float32Array} throws where there is none
   */
  needed(name) {
    const found = this.weight(name);
    if (!found) throw new TypeError(`the graph has no ${name}`);
    return found;
  }
}

/**
 * @param {Map<string, Uint8Array>} files
 * @param {string} name
 */
function part(files, name) {
  const bytes = files.get(name);
  if (!bytes) throw new TypeError(`the bundle has no ${name}`);
  return bytes;
}
