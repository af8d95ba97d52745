import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { test } from "node:test";
import { Worker } from "node:worker_threads";
import { BundleError, open } from "../src/index.js";
import { folderSource } from "../src/node.js";
import { connect } from "../src/worker.js";

const bundles = process.env.GREENLIGHT_BUNDLES ?? "";
const skip = bundles ? false : "GREENLIGHT_BUNDLES names no folder of bundles; the Python tests make one";
const script = new URL("../examples/worker-node.js", import.meta.url);

test("a recommender in a worker answers as one on the page", { skip }, async () => {
  const worker = new Worker(script);
  const address = path.join(bundles, "float32");
  const [remote, local] = [await connect(worker, { address, unsigned: true }), await open(folderSource(address), { unsigned: true })];
  const history = local.vocabulary.ids.slice(10, 20);
  const here = local.recommend({ history });
  assert.deepEqual(await remote.recommend({ history }), here);
  assert.deepEqual(await remote.similar(history[0], 3), local.similar(history[0], 3));
  assert.deepEqual(await remote.explain(here[0].id, { history }), local.explain(here[0].id, { history }));
  assert.equal(remote.version, local.version);
  assert.deepEqual([remote.backend, remote.skipped], [local.backend, local.skipped]);
  await assert.rejects(remote.recommend({ k: 0 }), (error) => error instanceof BundleError && error.code === "E_PARAM");
  await worker.terminate();
});

test("a worker keeps the bundle where it is asked to", { skip }, async () => {
  const folder = await mkdtemp(path.join(tmpdir(), "worker-"));
  const worker = new Worker(script, { env: { ...process.env, GREENLIGHT_STORE: folder } });
  const options = { address: path.join(bundles, "float32"), unsigned: true, keep: true };
  const first = await connect(worker, options);
  assert.equal(first.origin.fetched, first.bytes);
  const again = await connect(worker, options);
  assert.equal(again.origin.kept, again.bytes);
  assert.equal((await again.find("MOVIE 1", 3)).length, 3);
  await worker.terminate();
  await rm(folder, { recursive: true });
});

test("a bundle that is refused in a worker is refused on the page, with its code", { skip }, async () => {
  const worker = new Worker(script);
  const refusal = connect(worker, { address: path.join(bundles, "nowhere"), unsigned: true });
  await assert.rejects(refusal, (error) => error instanceof BundleError && error.code === "E_MANIFEST");
  await worker.terminate();
});
