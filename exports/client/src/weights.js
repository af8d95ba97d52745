/** Weights of a TF.js graph model: a list of names, shapes and encodings in `model.json`, and shards of bare numbers. */

import { isNatural } from "./bytes.js";

/**
 * @typedef {object} WeightSpec
 * @property {string} name
 * @property {number[]} shape
 * @property {string} dtype
 * @property {{dtype: string, min?: number, scale?: number}} [quantization]
 */

/** @type {Record<string, number>} */
const WIDTH = { float32: 4, float16: 2, int32: 4, uint8: 1, bool: 1 };

const MAX_AXES = 8;

/**
 * Numbers in an array of a shape.
 * @param {unknown} shape
 * @returns {number} throws where the shape is not a list of at most eight whole numbers from 0
 */
export function countOf(shape) {
  if (!Array.isArray(shape) || shape.length > MAX_AXES || !shape.every(isNatural)) throw new TypeError("no shape");
  return shape.reduce((product, n) => product * n, 1);
}

/**
 * Where each weight lies in the joined shards.
 * @param {WeightSpec[]} specs
 * @returns {{spec: WeightSpec, dtype: string, count: number, start: number, end: number}[]} throws on an unknown encoding
 */
export function layout(specs) {
  let at = 0;
  return specs.map((spec) => {
    const dtype = (spec.quantization ?? spec).dtype;
    if (typeof spec.name !== "string" || typeof dtype !== "string" || !Object.hasOwn(WIDTH, dtype)) throw new TypeError("no weight");
    const count = countOf(spec.shape);
    const start = at;
    at += count * WIDTH[dtype];
    return { spec, dtype, count, start, end: at };
  });
}

/**
 * Numbers as they are stored (codes stay codes).
 * @param {Uint8Array} bytes
 * @param {string} dtype
 * @param {number} start
 * @param {number} count
 * @returns {Float32Array | Int32Array | Uint8Array}
 */
export function stored(bytes, dtype, start, count) {
  const part = bytes.slice(start, start + count * WIDTH[dtype]);
  if (dtype === "float32") return new Float32Array(part.buffer);
  if (dtype === "int32") return new Int32Array(part.buffer);
  return dtype === "float16" ? fromHalf(new Uint16Array(part.buffer)) : part;
}

/**
 * Numbers as a computation uses them: halves widened, codes scaled as `model.json` says.
 * @param {Uint8Array} bytes
 * @param {{spec: WeightSpec, dtype: string, count: number, start: number}} place
 * @returns {Float32Array | Int32Array | Uint8Array}
 */
export function decoded(bytes, { spec, dtype, count, start }) {
  const numbers = stored(bytes, dtype, start, count);
  const { min, scale } = spec.quantization ?? {};
  if (min === undefined || scale === undefined) return numbers;
  const values = new Float32Array(count);
  for (let i = 0; i < count; i++) values[i] = numbers[i] * scale + min;
  return values;
}

/**
 * @param {Uint16Array} halves
 * @returns {Float32Array}
 */
export function fromHalf(halves) {
  const values = new Float32Array(halves.length);
  for (let i = 0; i < halves.length; i++) {
    const [exponent, fraction] = [(halves[i] >> 10) & 31, halves[i] & 1023];
    const size =
      exponent === 31 ? (fraction ? NaN : Infinity) : exponent ? (1 + fraction / 1024) * 2 ** (exponent - 15) : fraction * 2 ** -24;
    values[i] = halves[i] & 0x8000 ? -size : size;
  }
  return values;
}
