/** Scores of a catalogue on WebAssembly's vector instructions: a few hundred bytes of code (`kernel.wat`), and no TF.js. */

import kernel from "./kernel.js";

/** @typedef {import("./catalogue.js").Catalogue} Catalogue */

const LANES = 16;
const PAGE = 65536;

/**
 * @param {Catalogue} catalogue
 * @returns {Promise<import("./plain.js").Scorer>} throws where this machine has no WebAssembly, or one without vector instructions
 */
export async function wasmScorer(catalogue) {
  const code = Uint8Array.from(atob(kernel), (character) => character.charCodeAt(0));
  const { instance } = await WebAssembly.instantiate(code);
  const run = /** @type {any} */ (instance.exports);
  const { n, dim, coded } = catalogue;
  const blocks = Math.ceil(n / LANES);
  const padded = blocks * LANES;
  const [codesAt, vectorAt] = [0, padded * dim * (coded ? 1 : 4)];
  const outAt = vectorAt + dim * 4;
  const scaleAt = outAt + padded * 4;
  run.memory.grow(Math.ceil((scaleAt + padded * 4) / PAGE));
  const buffer = run.memory.buffer;
  const codes = coded ? new Int8Array(buffer, codesAt, padded * dim) : new Float32Array(buffer, codesAt, padded * dim);
  const vectors = new Float32Array(buffer, vectorAt, dim);
  const out = new Float32Array(buffer, outAt, padded);
  const scales = new Float32Array(buffer, scaleAt, padded);
  let packed = 0;
  const update = () => {
    const rows = catalogue.codes;
    for (let row = packed; row < catalogue.ready; row++) {
      let to = Math.floor(row / LANES) * LANES * dim + (row % LANES);
      for (let from = row * dim; from < (row + 1) * dim; from++, to += LANES) codes[to] = rows[from];
    }
    if (catalogue.scale) scales.set(catalogue.scale.subarray(packed, catalogue.ready), packed);
    packed = catalogue.ready;
  };
  update();
  return {
    name: "wasm",
    update,
    scores: (vector) => {
      const used = Math.ceil(packed / LANES);
      vectors.set(vector);
      if (used && coded) run.scores_i8(codesAt, used, vectorAt, dim, outAt, scaleAt);
      else if (used) run.scores_f32(codesAt, used, vectorAt, dim, outAt);
      return out.subarray(0, packed);
    },
    dispose: () => {},
  };
}
