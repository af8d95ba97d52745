// The README's examples run as they stand: files come from a bundle of the tests, the network from its folder.
import assert from "node:assert/strict";
import { generateKeyPairSync, sign } from "node:crypto";
import { cp, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import path from "node:path";
import { after, before, describe, test } from "node:test";
import { fileURLToPath, pathToFileURL } from "node:url";
import { Worker } from "node:worker_threads";

const bundles = process.env.GREENLIGHT_BUNDLES ?? "";
const skip = bundles ? false : "GREENLIGHT_BUNDLES names no folder of bundles; the Python tests make one";
const client = fileURLToPath(new URL("..", import.meta.url));
const text = await readFile(path.join(client, "README.md"), "utf8");
const examples = [...text.matchAll(/```js\n([\s\S]*?)```/g)].map((match) => match[1]);

describe("the README's example", { skip }, () => {
  /** @type {string} */
  let folder;
  /** @type {any} */
  const original = {};
  /** @type {string[]} */
  let asked;
  let runs = 0;
  before(async () => {
    // Inside the package, so that `greenlight-client` is what package.json exports.
    folder = await mkdtemp(path.join(client, ".readme-"));
    asked = [];
    Object.assign(original, { fetch: globalThis.fetch, caches: globalThis.caches, location: globalThis.location, Worker: globalThis.Worker });
    globalThis.fetch = /** @type {any} */ (async (/** @type {any} */ address) => {
      asked.push(String(address));
      assert.ok(String(address).startsWith("https://cdn.example/app/"), String(address));
      const bytes = await readFile(path.join(bundles, "float32", String(address).slice(24))).catch(() => null);
      return bytes ? new Response(bytes) : new Response("", { status: 404 });
    });
    /** @type {Map<string, Response>} */
    const held = new Map();
    const cache = {
      match: async (/** @type {string} */ key) => held.get(key)?.clone(),
      put: async (/** @type {string} */ key, /** @type {Response} */ answer) => void held.set(key, answer),
      delete: async (/** @type {string} */ key) => held.delete(key),
      keys: async () => [...held.keys()].map((url) => ({ url })),
    };
    /** @type {any} */ (globalThis).caches = { open: async () => cache };
    /** @type {any} */ (globalThis).location = new URL("https://app.example/");
  });
  after(async () => {
    Object.assign(globalThis, original);
    await rm(folder, { recursive: true });
  });

  /**
   * @param {number} number
   * @param {(code: string) => string} [adapt]
   */
  async function run(number, adapt = (code) => code) {
    const file = path.join(folder, `example-${number}-${++runs}.mjs`);
    const code = adapt(examples[number].replaceAll('"exports/app"', JSON.stringify(path.join(bundles, "float32"))));
    await writeFile(file, `${code}\nexport { recommender };\n`);
    /** @type {string[]} */
    const said = [];
    const log = console.log;
    console.log = (...words) => void said.push(words.join(" "));
    try {
      return { ...(await import(pathToFileURL(file).href)), said };
    } finally {
      console.log = log;
    }
  }

  test("of a row runs, on a bundle that its publisher has signed and on no other", async () => {
    const [signed, key] = [path.join(folder, "app"), path.join(folder, "publisher.pub")];
    await cp(path.join(bundles, "float32"), signed, { recursive: true });
    const { publicKey, privateKey } = generateKeyPairSync("ed25519");
    await writeFile(key, publicKey.export({ type: "spki", format: "pem" }));
    const at = (/** @type {string} */ code) => code.replace('"publisher.pub"', JSON.stringify(key)).replace(bundles + "/float32", signed);
    await assert.rejects(run(0, at), (/** @type {any} */ error) => error.code === "E_SIGNATURE");
    const { version } = JSON.parse(await readFile(path.join(signed, "latest.json"), "utf8"));
    const signature = sign(null, await readFile(path.join(signed, version, "manifest.json")), privateKey).toString("hex");
    const hex = publicKey.export({ type: "spki", format: "der" }).subarray(-32).toString("hex");
    const document = { schema: 1, algorithm: "Ed25519", signatures: [{ public_key: hex, signature }] };
    await writeFile(path.join(signed, version, "manifest.sig.json"), JSON.stringify(document));
    const { said } = await run(0, at);
    assert.match(said[0], /^1-[0-9a-f]{12} tt[0-9]+ Movie [0-9]+ [0-9.]+$/);
  });

  test("of what else it can be asked runs", async () => {
    const { said } = await run(1);
    assert.match(said.at(-1) ?? "", /^[0-9.-]+ 10 5 10 -?[0-9]+$/);
  });

  test("of a browser runs", async () => {
    const { recommender } = await run(2, (code) => code.replace(/publicKey: .*/, "unsigned: true,"));
    await recommender.complete;
    assert.equal(recommender.recommend().length, 20);
    assert.ok(asked.length > 5);
  });

  test("of a worker runs", async () => {
    const script = path.join(client, "examples/worker-node.js");
    /** @type {Worker[]} */
    const workers = [];
    /** @type {any} */ (globalThis).Worker = class {
      constructor() {
        // a store of its own: what an earlier run kept is of another publisher
        workers.push(new Worker(script, { env: { ...process.env, GREENLIGHT_STORE: path.join(folder, "kept") } }));
        return workers[0];
      }
    };
    const place = JSON.stringify(path.join(bundles, "float32"));
    try {
      const { recommender } = await run(3, (code) => code.replace('"https://cdn.example/app"', place));
      assert.match(recommender.version, /^1-/);
    } finally {
      // a worker that lives on would keep the run from ending
      await Promise.all(workers.map((worker) => worker.terminate()));
    }
  });

  test("of React Native runs", async () => {
    const { recommender } = await run(4);
    assert.equal(recommender.backend, "plain");
    assert.equal(recommender.recommend({ k: 3 }).length, 3);
  });

  test("count is what is tested here", () => assert.equal(examples.length, 5));
});
