// How a bundle gets onto a device: what is fetched and kept, how it is updated, and what happens when something is amiss.
import assert from "node:assert/strict";
import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, beforeEach, describe, test } from "node:test";
import { BundleError, open, urlSource } from "../src/index.js";
import { folderSource, folderStore } from "../src/node.js";

const bundles = process.env.GREENLIGHT_BUNDLES ?? "";
const skip = bundles ? false : "GREENLIGHT_BUNDLES names no folder of bundles; the Python tests make one";
const ADDRESS = "https://bundles.test/app/";

/**
 * @param {string} code
 * @returns {(error: any) => boolean}
 */
const refused = (code) => (error) => error instanceof BundleError && error.code === code;

/** A web server of one folder, in memory: it knows what it was asked and can be made to fail, wait or lie. */
class Server {
  /** @type {{address: string, options: any}[]} */
  asked = [];
  down = false;
  /** @type {(name: string, bytes: Uint8Array) => Promise<Uint8Array | null>} */
  answer = async (_, bytes) => bytes;

  /** @param {string} folder */
  constructor(folder) {
    this.folder = folder;
    /** @type {string | null} a version that it serves as the latest */
    this.version = null;
  }

  get source() {
    return urlSource(ADDRESS, { fetch: /** @type {any} */ ((/** @type {any} */ a, /** @type {any} */ o) => this.fetch(String(a), o)) });
  }

  /**
   * @param {string} address
   * @param {any} options
   */
  async fetch(address, options) {
    this.asked.push({ address, options });
    if (this.down) throw new TypeError("offline");
    assert.ok(address.startsWith(ADDRESS), address);
    const name = address.slice(ADDRESS.length);
    if (name === "latest.json" && this.version) {
      return Response.json({ schema: 1, version: this.version, sequence: Number.parseInt(this.version, 10) });
    }
    const bytes = await readFile(path.join(this.folder, name)).catch(() => null);
    const answer = bytes && (await this.answer(name, new Uint8Array(bytes)));
    return answer ? new Response(/** @type {any} */ (answer)) : new Response("", { status: 404 });
  }

  /** Names asked for since the last time. */
  names() {
    const names = this.asked.map(({ address }) => address.slice(ADDRESS.length));
    this.asked = [];
    return names;
  }
}

describe("on a device that keeps bundles", { skip }, () => {
  /** @type {string} */
  let folder;
  /** @type {Server} */
  let server;
  /** @type {string[]} */
  let versions;
  beforeEach(async () => {
    folder = await mkdtemp(path.join(tmpdir(), "store-"));
    server = new Server(path.join(bundles, "updated"));
    versions = (await readdir(server.folder)).filter((name) => /^[0-9]/.test(name)).sort();
    assert.equal(versions.length, 2);
  });
  afterEach(() => rm(folder, { recursive: true }));

  const start = async (/** @type {any} */ options = {}) => {
    const recommender = await open(server.source, { unsigned: true, store: folderStore(folder), ...options });
    await recommender.complete;
    return recommender;
  };

  test("the second start fetches nothing but what says that nothing is new", async () => {
    const first = await start();
    assert.equal(first.origin.kept, 0);
    assert.equal(first.origin.fetched, first.bytes);
    server.names();
    const again = await start();
    assert.deepEqual(again.origin, { fetched: 0, kept: again.bytes, delta: null, offline: false });
    assert.deepEqual(server.names().map((name) => name.split("/").at(-1)).sort(), ["latest.json", "manifest.json"]);
    assert.deepEqual(again.recommend(), first.recommend());
  });

  test("a new version comes as a delta, and is what a device without anything gets", async () => {
    server.version = versions[0];
    const old = await start();
    assert.equal(old.version, versions[0]);
    server.version = versions[1];
    server.names();
    const updated = await start();
    assert.equal(updated.version, versions[1]);
    assert.equal(updated.origin.delta, versions[0]);
    assert.ok(updated.origin.fetched < updated.bytes / 2, `${updated.origin.fetched} of ${updated.bytes}`);
    const fresh = await open(server.source, { unsigned: true });
    const history = fresh.vocabulary.ids.slice(3, 20);
    assert.deepEqual(updated.recommend({ history, k: 300 }), fresh.recommend({ history, k: 300 }));
    assert.deepEqual((await updated.selfTest()).same, (await fresh.selfTest()).cases);
    assert.ok(fresh.vocabulary.rows.has("new-1") && !old.vocabulary.rows.has("new-1"));
    // what the old version alone needed is gone
    const kept = (await folderStore(folder).keys()).length;
    assert.equal(kept, 1 + Object.values(updated.manifest.files).filter(({ phone }) => phone).length);
    assert.deepEqual((await start()).origin, { fetched: 0, kept: updated.bytes, delta: null, offline: false });
  });

  test("a delta with a flipped bit is refused, and the old version stays", async () => {
    server.version = versions[0];
    await start();
    server.version = versions[1];
    const { manifest } = await open(server.source, { unsigned: true });
    const digest = manifest.files[`delta-from-${versions[0]}/delta.bin`].sha256;
    server.answer = async (name, bytes) => {
      if (name.includes(digest)) bytes[9] ^= 1;
      return bytes;
    };
    await assert.rejects(start(), refused("E_HASH"));
    server.down = true;
    assert.equal((await start()).version, versions[0]);
  });

  test("an older version is refused, whatever the server says", async () => {
    server.version = versions[1];
    await start();
    server.version = versions[0];
    await assert.rejects(start(), refused("E_ROLLBACK"));
  });

  test("it starts without a connection from what it has, and says so", async () => {
    const first = await start();
    server.down = true;
    const offline = await start();
    assert.equal(offline.origin.offline, true);
    assert.equal(offline.version, first.version);
    assert.deepEqual(offline.recommend(), first.recommend());
    await rm(folder, { recursive: true });
    await assert.rejects(start(), refused("E_UNREACHABLE"));
    await start({ store: null }).catch(refused("E_UNREACHABLE"));
    folder = await mkdtemp(path.join(tmpdir(), "store-"));
  });

  test("a kept file that was damaged is fetched again", async () => {
    const first = await start();
    const entry = first.manifest.files["tfjs/retrieve/group1-shard1of1.bin"];
    const file = path.join(folder, `${entry.sha256}.bin`);
    const bytes = await readFile(file);
    bytes[100] ^= 64;
    await writeFile(file, bytes);
    const again = await start();
    assert.equal(again.origin.fetched, entry.bytes);
    assert.deepEqual(again.recommend(), first.recommend());
  });

  test("a device that was killed while it kept a bundle has the old one or the new one", async () => {
    server.version = versions[0];
    await start();
    const store = folderStore(folder);
    for (let writes = 0; writes < 12; writes++) {
      let left = writes;
      const dying = { ...store, put: async (/** @type {string} */ key, /** @type {Uint8Array} */ bytes) => {
        if (left-- <= 0) throw new Error("killed");
        await store.put(key, bytes);
      } };
      server.version = versions[1];
      server.down = false;
      await open(server.source, { unsigned: true, store: dying }).catch(() => {});
      server.down = true;
      assert.ok(versions.includes((await start()).version));
    }
  });
});

describe("movies that are still on their way", { skip }, () => {
  /** @type {Server} */
  let server;
  /** @type {(() => void)[]} */
  let held;
  let holding = true;
  /** @type {string} */
  let spoilt;
  /** Also for what has not been asked for yet: on a busy machine that comes later. */
  const letGo = () => {
    holding = false;
    for (const release of held) release();
  };
  beforeEach(async () => {
    server = new Server(path.join(bundles, "sharded"));
    held = [];
    holding = true;
    spoilt = "";
    const { manifest } = await open(folderSource(server.folder), { unsigned: true });
    const shards = Object.keys(manifest.files).filter((name) => /^tfjs\/retrieve\/.*bin$/.test(name));
    assert.ok(shards.length >= 4);
    const late = new Set(shards.filter((name) => !name.includes("shard1of")).map((name) => manifest.files[name].sha256));
    const last = manifest.files[/** @type {string} */ (shards.find((name) => name.includes(`shard${shards.length}of`)))].sha256;
    server.answer = async (name, bytes) => {
      const digest = name.split("/").at(-1)?.replace(/\.bin$/, "") ?? "";
      if (holding && late.has(digest)) await new Promise((resolve) => held.push(() => resolve(null)));
      if (spoilt === "last" && digest === last) bytes[5] ^= 1;
      return bytes;
    };
  });

  for (const backend of /** @type {const} */ (["plain", "wasm"])) {
    test(`are recommended by ${backend} as soon as they come`, async () => {
      const recommender = await open(server.source, { unsigned: true, early: true, backend });
      const { ids } = recommender.vocabulary;
      const { ready } = recommender;
      assert.ok(ready > 0 && ready < ids.length / 2, `${ready}`);
      const whole = await open(folderSource(server.folder), { unsigned: true, backend });
      const history = ids.slice(2, 9);
      // The same scores as ever, for the movies that are here.
      const here = new Set(ids.slice(0, ready));
      const expected = whole.recommend({ history, k: 300 }).filter(({ id }) => here.has(id));
      assert.deepEqual(recommender.recommend({ history, k: 300 }), expected);
      assert.equal(recommender.similar(ids[0], 300).length, ready - 1);
      assert.throws(() => recommender.similar(/** @type {string} */ (ids.at(-1))), refused("E_MOVIE"));
      assert.deepEqual(recommender.recommend({ history: ids.slice(0, ready) }), []);
      letGo();
      await recommender.complete;
      assert.equal(recommender.ready, ids.length);
      assert.deepEqual(recommender.recommend({ history, k: 300 }), whole.recommend({ history, k: 300 }));
      assert.deepEqual(recommender.similar(ids[0], 20), whole.similar(ids[0], 20));
    });
  }

  test("are refused with a flipped bit, and with them everything", async () => {
    const recommender = await open(server.source, { unsigned: true, early: true });
    recommender.recommend();
    spoilt = "last";
    letGo();
    await assert.rejects(recommender.complete, refused("E_HASH"));
    assert.throws(() => recommender.recommend(), refused("E_HASH"));
  });

  test("are waited for where that is not asked for", async () => {
    const opening = open(server.source, { unsigned: true });
    while (held.length < 3) await new Promise((resolve) => setTimeout(resolve, 1));
    letGo();
    assert.equal((await opening).ready, 300);
  });
});

test("nothing but the bundle's files is asked for, without cookies, and nothing of the viewer is in it", { skip }, async () => {
  const server = new Server(path.join(bundles, "updated"));
  const everything = globalThis.fetch;
  globalThis.fetch = async () => assert.fail("asked somebody else");
  try {
    const recommender = await open(server.source, { unsigned: true });
    const opened = server.asked.length;
    const viewer = recommender.viewer({ history: ["00123"], context: { plan: "monthly", age: 31 } });
    for (let i = 0; i < 20; i++) {
      const [first] = viewer.recommend({ diversity: 0.3 });
      viewer.explain(first.id);
      recommender.similar(first.id);
      viewer.watched(first.id);
    }
    assert.equal(server.asked.length, opened, "asking questions asks nobody");
    for (const { address, options } of server.asked) {
      assert.match(address.slice(ADDRESS.length), /^(latest\.json|[0-9a-f-]+\/manifest(\.sig)?\.json|blobs\/[0-9a-f]{64}\.(json|bin))$/);
      assert.equal(options.method ?? "GET", "GET");
      assert.equal(options.body, undefined);
      assert.equal(options.credentials, "omit");
    }
  } finally {
    globalThis.fetch = everything;
  }
});
