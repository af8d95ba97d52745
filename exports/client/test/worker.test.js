import assert from "node:assert/strict";
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
  await assert.rejects(remote.recommend({ k: 0 }), (error) => error instanceof BundleError && error.code === "E_PARAM");
  await worker.terminate();
});

test("a bundle that is refused in a worker is refused on the page, with its code", { skip }, async () => {
  const worker = new Worker(script);
  const refusal = connect(worker, { address: path.join(bundles, "nowhere"), unsigned: true });
  await assert.rejects(refusal, (error) => error instanceof BundleError && error.code === "E_MANIFEST");
  await worker.terminate();
});
