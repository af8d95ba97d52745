import assert from "node:assert/strict";
import { cp, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, before, describe, test } from "node:test";
import { BundleError, open, urlSource, verify } from "../src/index.js";
import { rollback } from "../src/manifest.js";
import schema from "../src/manifest-schema.js";
import { folderSource } from "../src/node.js";
import { best } from "../src/best.js";
import { compare } from "../src/compare.js";
import { violations } from "../src/schema.js";
import { Titles } from "../src/titles.js";
import { Vocabulary } from "../src/vocabulary.js";
import { fromHalf } from "../src/weights.js";

const bundles = process.env.GREENLIGHT_BUNDLES ?? "";
const skip = bundles ? false : "GREENLIGHT_BUNDLES names no folder of bundles; the Python tests make one";

/**
 * @param {string} code
 * @returns {(error: any) => boolean}
 */
const refused = (code) => (error) => error instanceof BundleError && error.findings.some((finding) => finding.code === code);

for (const dtype of ["float32", "float16", "uint8"]) {
  for (const backend of /** @type {const} */ (["plain", "wasm", "tfjs-cpu", "tfjs-wasm"])) {
    test(`${dtype} on ${backend} answers the golden questions as Python does`, { skip }, async () => {
      const recommender = await open(folderSource(path.join(bundles, dtype)), { backend, unsigned: true });
      const result = await recommender.selfTest();
      assert.equal(recommender.backend, backend);
      assert.ok(result.cases >= 100);
      assert.equal(result.same, result.cases);
      assert.ok(result.maxRelativeError < 1e-5, String(result.maxRelativeError));
      recommender.dispose();
    });
  }
}

describe("a recommender", { skip }, () => {
  /** @type {import("../src/recommender.js").Recommender} */
  let recommender;
  /** @type {string[]} */
  let ids;
  before(async () => {
    recommender = await open(folderSource(path.join(bundles, "float32")), { unsigned: true });
    ids = recommender.vocabulary.ids;
  });
  after(() => recommender.dispose());

  test("takes WebAssembly where it can", () => assert.equal(recommender.backend, "wasm"));

  test("never returns what was seen or is to be left out, and returns each movie once", () => {
    const [history, exclude] = [ids.slice(0, 100), ids.slice(100, 200)];
    const found = recommender.recommend({ history, exclude, k: 100 }).map(({ id }) => id);
    assert.deepEqual([...found].sort(), ids.slice(200).sort());
  });

  test("ranks from best to worst", () => {
    const scores = recommender.recommend({ history: ids.slice(5, 9), k: 50 }).map(({ score }) => score);
    assert.deepEqual(scores, [...scores].sort((a, b) => b - a));
  });

  test("returns what there is when asked for more than there is", () => {
    assert.equal(recommender.recommend({ history: ids.slice(0, 10), k: 10_000 }).length, ids.length - 10);
    assert.deepEqual(recommender.recommend({ history: ids }), []);
  });

  test("does not mind the order or repeats of a history, nor ids that the catalogue does not hold", () => {
    const history = ids.slice(20, 40);
    const expected = recommender.recommend({ history });
    const shuffled = [...history].reverse().concat(history, ["gone", "", "__proto__"]);
    assert.deepEqual(recommender.recommend({ history: shuffled }), expected);
  });

  test("answers somebody new", () => assert.equal(recommender.recommend().length, 20));

  test("takes a new view in at once", () => {
    const [first] = recommender.recommend({ history: ids.slice(0, 5) });
    const next = recommender.recommend({ history: [...ids.slice(0, 5), first.id] });
    assert.ok(!next.some(({ id }) => id === first.id));
    assert.notDeepEqual(next.map(({ score }) => score), recommender.recommend({ history: ids.slice(0, 5) }).map(({ score }) => score));
  });

  test("keeps ids and titles as text, whatever they look like", () => {
    assert.deepEqual(ids.slice(0, 3), ["NA", "00123", 'ಚಿತ್ರ "1"']);
    const titles = new Map(recommender.recommend({ k: 1000 }).map(({ id, title }) => [id, title]));
    assert.equal(titles.get("00123"), "<b>அன்பு</b>");
  });

  test("finds the movies with the smallest angle to a movie", () => {
    const all = recommender.recommend({ k: 1000 }).map(({ id }) => id);
    const near = recommender.similar(all[0], 5);
    assert.equal(near.length, 5);
    assert.ok(near.every(({ id, score }) => id !== all[0] && score <= 1.000001));
    const everybody = recommender.similar(all[0], 1000);
    assert.equal(everybody.length, ids.length - 1);
    assert.ok(everybody.every(({ score }) => Math.abs(score) <= 1.000001));
    // symmetric: a is as near to b as b is to a
    const back = recommender.similar(near[0].id, 1000).find(({ id }) => id === all[0]);
    assert.ok(Math.abs(/** @type {any} */ (back).score - near[0].score) < 1e-5);
  });

  test("gives the same list for its own user vector", () => {
    const question = { history: ids.slice(50, 60), context: { plan: "monthly" } };
    const vector = recommender.userVector(question);
    assert.equal(vector.length, recommender.manifest.dim);
    assert.deepEqual(recommender.nearest(vector, { exclude: question.history }), recommender.recommend(question));
  });

  for (const [name, question] of /** @type {[string, any][]} */ ([
    ["k of 0", { k: 0 }],
    ["half a movie", { k: 1.5 }],
    ["a single id for a list", { history: "NA" }],
    ["a number for an id", { history: [123] }],
    ["an object for a list", { exclude: [{}] }],
  ])) {
    test(`refuses ${name}`, () => assert.throws(() => recommender.recommend(question), refused("E_PARAM")));
  }

  test("refuses a movie that it does not know", () => assert.throws(() => recommender.similar("nope"), refused("E_MOVIE")));
  test("refuses a vector of another width", () => assert.throws(() => recommender.nearest(new Float32Array(3)), refused("E_PARAM")));
});

describe("opening", { skip }, () => {
  /** @type {string} */
  let folder;
  before(async () => {
    folder = await mkdtemp(path.join(tmpdir(), "bundle-"));
    await cp(path.join(bundles, "float32"), folder, { recursive: true });
  });
  after(() => rm(folder, { recursive: true }));

  const versionFolder = async () =>
    path.join(folder, JSON.parse(await readFile(path.join(folder, "latest.json"), "utf8")).version);

  test("refuses a version older than the installed one", async () => {
    await assert.rejects(open(folderSource(folder), { installedVersion: "7-0123456789ab", unsigned: true }), refused("E_ROLLBACK"));
  });

  test("takes the installed version again", async () => {
    const { version } = await verify(folderSource(folder));
    const recommender = await open(folderSource(folder), { installedVersion: version, backend: "plain", unsigned: true });
    assert.equal(recommender.version, version);
  });

  test("fetches what a phone needs and nothing else", async () => {
    /** @type {string[]} */
    const asked = [];
    const base = "https://bundles.test/app/";
    const fetch = async (/** @type {any} */ address) => {
      assert.ok(String(address).startsWith(base));
      asked.push(String(address).slice(base.length));
      const bytes = await readFile(path.join(folder, String(address).slice(base.length))).catch(() => null);
      return bytes ? new Response(bytes) : new Response("", { status: 404 });
    };
    const { manifest } = await open(urlSource(base, { fetch: /** @type {any} */ (fetch) }), { backend: "plain", unsigned: true });
    const phone = [
      "ids.json",
      "tfjs/retrieve/group1-shard1of1.bin",
      "tfjs/retrieve/model.json",
      "tfjs/user_tower/group1-shard1of1.bin",
      "tfjs/user_tower/model.json",
      "titles.json",
    ];
    const blobs = phone.map((name) => `blobs/${manifest.files[name].sha256}${path.extname(name)}`);
    assert.deepEqual(asked.sort(), [`${manifest.version}/manifest.json`, "latest.json", ...blobs].sort());
  });

  test("refuses a bundle that nobody vouches for, unless told that this is meant", async () => {
    await assert.rejects(open(folderSource(folder), { backend: "plain" }), refused("E_SIGNATURE"));
    await assert.rejects(open(folderSource(folder), { backend: "plain", publicKey: "0".repeat(64) }), refused("E_SIGNATURE"));
    await assert.rejects(open(folderSource(folder), { backend: "plain", publicKey: "none" }), refused("E_KEY"));
  });

  test("says when the bundle cannot be reached", async () => {
    const offline = async () => Promise.reject(new TypeError("offline"));
    await assert.rejects(open(urlSource("https://bundles.test/", { fetch: offline }), { unsigned: true }), refused("E_UNREACHABLE"));
    const broken = async () => new Response("", { status: 503 });
    await assert.rejects(open(urlSource("https://bundles.test/", { fetch: broken }), { unsigned: true }), refused("E_UNREACHABLE"));
  });

  test("refuses weights with a flipped bit before anything is computed", async () => {
    const { files } = JSON.parse(await readFile(path.join(await versionFolder(), "manifest.json"), "utf8"));
    const file = path.join(folder, "blobs", `${files["tfjs/retrieve/group1-shard1of1.bin"].sha256}.bin`);
    const bytes = await readFile(file);
    bytes[1000] ^= 4;
    await writeFile(file, bytes);
    await assert.rejects(open(folderSource(folder), { unsigned: true }), refused("E_HASH"));
  });
});

test("a version is compared by its number", () => {
  assert.equal(rollback("10-0123456789ab", "9-0123456789ab"), null);
  assert.equal(rollback("9-0123456789ab", "10-0123456789ab")?.code, "E_ROLLBACK");
  assert.throws(() => rollback("9-0123456789ab", "newest"), refused("E_VERSION"));
});

test("half floats are read exactly", () => {
  // 1, -2, 65504 (largest), 2^-24 (smallest), 1/3 rounded, infinity, 0
  const halves = new Uint16Array([0x3c00, 0xc000, 0x7bff, 0x0001, 0x3555, 0x7c00, 0x0000]);
  assert.deepEqual([...fromHalf(halves)], [1, -2, 65504, 2 ** -24, 0.333251953125, Infinity, 0]);
  assert.ok(Number.isNaN(fromHalf(new Uint16Array([0x7e00]))[0]));
});

test("attributes become rows and weights as in training", () => {
  const vocabulary = new Vocabulary({
    movies: ["a"],
    context: [
      { column: "age", knots: [10, 20, 40] },
      { column: "languages", names: ["Tamil", "Hindi"] },
      { column: "paid", names: ["True", "2"] },
    ],
  });
  // 25 lies a quarter of the way from knot 1 (20) to knot 2 (40)
  assert.deepEqual(vocabulary.encode({ age: 25 }), { rows: [1, 2], weights: [0.75, 0.25] });
  assert.deepEqual(vocabulary.encode({ age: "5" }), { rows: [0], weights: [1] });
  assert.deepEqual(vocabulary.encode({ age: 99 }), { rows: [2], weights: [1] });
  assert.deepEqual(vocabulary.encode({ languages: "Hindi| Tamil|Klingon|Hindi" }), { rows: [3, 4], weights: [0.5, 0.5] });
  assert.deepEqual(vocabulary.encode({ languages: ["Hindi"] }), { rows: [4], weights: [1] });
  assert.deepEqual(vocabulary.encode({ paid: true }), { rows: [5], weights: [1] });
  assert.deepEqual(vocabulary.encode({ paid: 2 }), { rows: [6], weights: [1] });
  assert.deepEqual(vocabulary.encode({ age: "", languages: null, paid: undefined }), { rows: [], weights: [] });
});

test("titles are found by a part, those that begin with it first, whatever case and accents", () => {
  const titles = new Titles(["a", "b", "c", "d"], ["The Étoile", "étoile", "அன்பு", "Etoiles"]);
  assert.deepEqual(titles.find(" ETOILE ", 10).map(({ id }) => id), ["b", "d", "a"]);
  assert.deepEqual(titles.find("அன்", 10), [{ id: "c", title: "அன்பு" }]);
  assert.deepEqual(titles.find("e", 1).map(({ id }) => id), ["b"]);
});

test("the best are found whatever their order, the earlier of equal ones first", () => {
  const scores = [3, 1, 4, 1, 5, 9, 2, 6, 5, 3, 5];
  assert.deepEqual(best(Float32Array.from(scores), [5], 4), { rows: [7, 4, 8, 10], scores: [6, 5, 5, 5] });
  assert.deepEqual(best(Float32Array.from(scores), scores.keys(), 4).rows, []);
});

test("lists are compared ties aside", () => {
  const expected = { ids: ["a", "b", "c"], scores: [3, 2, 2] };
  const list = (/** @type {[string, number][]} */ ...pairs) => pairs.map(([id, score]) => ({ id, score, title: "" }));
  assert.ok(compare(expected, list(["a", 3], ["c", 2], ["b", 2]), 1e-5).same);
  assert.ok(compare(expected, list(["a", 3], ["b", 2], ["d", 2]), 1e-5).same);
  assert.ok(!compare(expected, list(["b", 3], ["a", 2], ["c", 2]), 1e-5).same);
  assert.ok(!compare(expected, list(["a", 3.001], ["b", 2], ["c", 2]), 1e-5).same);
  assert.ok(!compare(expected, list(["a", 3], ["b", 2]), 1e-5).same);
});

test("the schema's keywords are all understood, and an unknown one is an error", () => {
  assert.ok(violations(schema, {}).includes("/"));
  assert.throws(() => violations({ oneOf: [] }, 1), /oneOf/);
});
