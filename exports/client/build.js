// For a page without a bundler: dist/greenlight-client.js, dist/worker.js, and, for the tfjs-… backends, TF.js in chunks that are
// only fetched when asked for.
import { cp, mkdir, readdir, rm } from "node:fs/promises";
import { createRequire } from "node:module";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const here = path.dirname(fileURLToPath(import.meta.url));
const dist = path.resolve(process.argv[2] ?? path.join(here, "dist"));
const common = {
  bundle: true,
  format: /** @type {const} */ ("esm"),
  platform: /** @type {const} */ ("browser"),
  target: "es2022",
  minify: true,
  legalComments: /** @type {const} */ ("none"),
  absWorkingDir: here,
};

await rm(dist, { recursive: true, force: true });
const entryPoints = { "greenlight-client": "src/index.js", worker: "examples/worker.js" };
await build({ ...common, entryPoints, outdir: dist, splitting: true });
await mkdir(dist, { recursive: true });
const wasm = path.dirname(createRequire(import.meta.url).resolve("@tensorflow/tfjs-backend-wasm"));
for (const name of await readdir(wasm)) {
  if (name.endsWith(".wasm")) await cp(path.join(wasm, name), path.join(dist, name));
}
