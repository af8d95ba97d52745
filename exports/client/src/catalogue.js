/** The movies' vectors, row after row as the bundle stores them, some of which may still be on their way. */

import { stored } from "./weights.js";

/** @typedef {import("./model.js").GraphModel} GraphModel */

/** Offset of the stored bytes: a code c lies there as the byte c + 128. */
const OFFSET = 128;

/**
 * Bytes of a movie in a table of all of them.
 * @param {{start: number, end: number}} place
 * @param {number} n movies
 */
const bytesOfRow = (place, n) => (place.end - place.start) / n || 1;

/** `vector(row) = codes[row] * scale[row]`, where there is a scale. */
export class Catalogue {
  #model;
  #place;
  #scale;

  /** @param {GraphModel} model the bundle's `tfjs/retrieve` */
  constructor(model) {
    this.#model = model;
    this.#place = model.place("movies/codes");
    this.#scale = model.find("movies/scale");
    const [n, dim] = this.#place.spec.shape;
    this.n = n;
    this.dim = dim;
    /** Whether codes are whole numbers of a byte each. */
    this.coded = this.#place.dtype === "uint8";
    /** @type {Float32Array | Int8Array} */
    this.codes = this.coded ? new Int8Array(this.n * this.dim) : new Float32Array(this.n * this.dim);
    /** @type {Float32Array | null} */
    this.scale = this.#scale && new Float32Array(this.n);
    /** Movies whose vectors are here: those of rows 0 to `ready`. */
    this.ready = 0;
    this.update();
  }

  /** Take in the rows that have arrived since. */
  update() {
    const here = this.#model.arrived;
    const rowWidth = bytesOfRow(this.#place, this.n);
    const scaleWidth = this.#scale ? bytesOfRow(this.#scale, this.n) : 0;
    const ofCodes = Math.floor((here - this.#place.start) / rowWidth);
    const ofScale = this.#scale ? Math.floor((here - this.#scale.start) / scaleWidth) : this.n;
    const [first, last] = [this.ready, Math.max(this.ready, Math.min(this.n, ofCodes, ofScale))];
    if (last === first) return;
    const { bytes } = this.#model;
    const at = first * this.dim;
    const codes = stored(bytes, this.#place.dtype, this.#place.start + first * rowWidth, (last - first) * this.dim);
    if (this.coded) for (let i = 0; i < codes.length; i++) this.codes[at + i] = codes[i] - OFFSET;
    else this.codes.set(codes, at);
    if (this.scale && this.#scale) {
      this.scale.set(stored(bytes, this.#scale.dtype, this.#scale.start + first * scaleWidth, last - first), first);
    }
    this.ready = last;
  }

  /**
   * @param {number} row
   * @returns {Float32Array} float32[dim]
   */
  vector(row) {
    const vector = Float32Array.from(this.codes.subarray(row * this.dim, (row + 1) * this.dim));
    const scale = this.scale?.[row] ?? 1;
    for (let d = 0; d < this.dim; d++) vector[d] *= scale;
    return vector;
  }

  /**
   * Lengths of the vectors that are here, 1 where a vector is zero, so that one can divide by them.
   * @returns {Float32Array}
   */
  lengths() {
    const lengths = new Float32Array(this.ready);
    for (let row = 0, at = 0; row < lengths.length; row++) {
      let square = 0;
      for (let d = 0; d < this.dim; d++, at++) square += this.codes[at] * this.codes[at];
      lengths[row] = Math.sqrt(square) * (this.scale?.[row] ?? 1) || 1;
    }
    return lengths;
  }
}
