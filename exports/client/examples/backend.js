// What a Node backend does with a bundle: verify, load, recommend.
//
//     node exports/client/examples/backend.js exports/app greenlight.pem.pub
//
// Parquet is read by hyparquet (npm install hyparquet hyparquet-compressors); safetensors needs no library.

import { readFile } from "node:fs/promises";
import path from "node:path";
import { asyncBufferFromFile, parquetReadObjects } from "hyparquet";
import { compressors } from "hyparquet-compressors";
import { verify } from "greenlight-client";
import { folderSource } from "greenlight-client/node";

const [channel, keyFile] = process.argv.slice(2);
const { version } = await verify(folderSource(channel), { publicKey: keyFile ? await readFile(keyFile, "utf8") : null });
const folder = path.join(channel, String(version));

/**
 * Every tensor of a safetensors file: eight bytes of length, a JSON header, and the numbers.
 * @param {string} file
 */
async function tensors(file) {
  const bytes = await readFile(file);
  const start = 8 + Number(bytes.readBigUInt64LE());
  const { __metadata__, ...header } = JSON.parse(bytes.toString("utf8", 8, start));
  return new Map(
    Object.entries(header).map(([name, { dtype, shape, data_offsets }]) => {
      const part = Uint8Array.from(bytes.subarray(start + data_offsets[0], start + data_offsets[1])).buffer;
      return [name, { dtype, shape, part }];
    }),
  );
}

/** @param {Awaited<ReturnType<typeof tensors>>} stored */
function vectorsOf(stored) {
  const codes = stored.get("codes");
  const { dtype, shape, part } = codes ?? /** @type {any} */ (stored.get("vectors"));
  const dim = shape[1];
  if (dtype === "F32") return { dim, numbers: new Float32Array(part) };
  if (dtype !== "U8") throw new TypeError(`${dtype} has no typed array here: read the vectors from movies.parquet`);
  const scale = new Float32Array(/** @type {any} */ (stored.get("scale")).part);
  return { dim, numbers: Float32Array.from(new Uint8Array(part), (code, i) => Math.fround((code - 128) * scale[Math.floor(i / dim)])) };
}

const file = await asyncBufferFromFile(path.join(folder, "movies.parquet"));
const movies = await parquetReadObjects({ file, compressors }); // movie_id, row, title, …, vector
const { dim, numbers } = vectorsOf(await tensors(path.join(folder, "movies.safetensors"))); // the same vectors, in the order of `row`
const user = numbers.subarray(0, dim); // a user's vector would stand here
const scores = movies.map((_, row) => user.reduce((sum, x, d) => sum + x * numbers[row * dim + d], 0));
const best = scores.map((_, row) => row).sort((a, b) => scores[b] - scores[a]);
for (const row of best.slice(0, 5)) console.log([movies[row].movie_id, movies[row].title, scores[row].toFixed(4)].join("\t"));
for (const [row, { vector }] of movies.entries()) {
  if (vector.some((/** @type {number} */ x, /** @type {number} */ d) => x !== numbers[row * dim + d])) throw new Error("files differ");
}
