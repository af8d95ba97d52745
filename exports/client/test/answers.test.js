// What a recommender can be asked beside the plain list: reasons, a row that is not all alike, movies not bought yet.
import assert from "node:assert/strict";
import path from "node:path";
import { before, describe, test } from "node:test";
import { BundleError, open } from "../src/index.js";
import { diversified } from "../src/diversity.js";
import { folderSource } from "../src/node.js";

const bundles = process.env.GREENLIGHT_BUNDLES ?? "";
const skip = bundles ? false : "GREENLIGHT_BUNDLES names no folder of bundles; the Python tests make one";

/** @typedef {import("../src/recommender.js").Recommender} Recommender */

/**
 * @param {string} code
 * @returns {(error: any) => boolean}
 */
const refused = (code) => (error) => error instanceof BundleError && error.code === code;

/**
 * @param {number} a
 * @param {number} b
 * @param {number} [tolerance] relative
 */
const near = (a, b, tolerance = 1e-4) => assert.ok(Math.abs(a - b) <= tolerance * Math.max(1, Math.abs(a)), `${a} is not ${b}`);

describe("answers", { skip }, () => {
  /** @type {Recommender} */
  let recommender;
  /** @type {string[]} */
  let ids;
  before(async () => {
    recommender = await open(folderSource(path.join(bundles, "float32")), { unsigned: true });
    ids = recommender.vocabulary.ids;
  });

  describe("an explanation", () => {
    const context = { age: 31, plan: "monthly", languages: "Tamil" };

    test("adds up to the score", () => {
      for (const length of [0, 1, 2, 7, 40]) {
        const history = ids.slice(20, 20 + length);
        for (const { id, score } of recommender.recommend({ history, context, k: 5 })) {
          const found = recommender.explain(id, { history, context, k: 100 });
          near(found.score, score);
          const attributes = found.attributes.reduce((sum, { contribution }) => sum + contribution, 0);
          near(found.base + attributes + found.history, score);
        }
      }
    });

    test("gives each movie of the history its own part of the whole, which another order does not change", () => {
      const history = ids.slice(30, 36);
      const { because } = recommender.explain(ids[0], { history, context, k: 100 });
      const shuffled = recommender.explain(ids[0], { history: [...history].reverse(), context, k: 100 });
      assert.deepEqual(because, shuffled.because);
      assert.ok(because.every(({ id, contribution }) => history.includes(id) && contribution > 0));
      assert.deepEqual(because.map((each) => each.contribution), because.map((each) => each.contribution).sort((a, b) => b - a));
    });

    test("says what the score would be without a movie, which is what the model then answers", () => {
      const history = ids.slice(50, 60);
      for (const { id, without } of recommender.explain(ids[3], { history, k: 10 }).because) {
        const rest = history.filter((other) => other !== id);
        near(without, recommender.explain(ids[3], { history: rest }).score);
      }
    });

    test("names one movie alone for a history of one", () => {
      // Nothing is known but one movie: whatever the score gains over the base is that movie's.
      const history = [ids[77]];
      const liked = recommender.recommend({ history, k: 1 })[0];
      const found = recommender.explain(liked.id, { history });
      near(found.score - found.base, found.history);
      assert.deepEqual(found.attributes, []);
      if (found.history > 0) near(found.because[0].contribution, found.history);
      for (const { without } of found.because) near(without, found.base);
    });

    test("gives no reason where nothing watched speaks for a movie", () => {
      assert.deepEqual(recommender.explain(ids[0]).because, []);
      const history = ids.slice(50, 60);
      const worst = recommender.recommend({ history, k: 1000 }).at(-1);
      const { because } = recommender.explain(/** @type {any} */ (worst).id, { history, k: 10 });
      assert.ok(because.every(({ contribution }) => contribution > 0));
    });

    test("mostly agrees with leaving movies out", () => {
      // Parts of a score and what goes when a movie goes are two questions, whose answers should not contradict each other.
      let [same, all] = [0, 0];
      for (let start = 0; start < 200; start += 10) {
        const history = ids.slice(start, start + 10);
        const [{ id }] = recommender.recommend({ history, k: 1 });
        const [first] = recommender.explain(id, { history, k: 1 }).because;
        if (!first) continue;
        const score = recommender.explain(id, { history }).score;
        const drops = history.map((movie) => score - recommender.explain(id, { history: history.filter((h) => h !== movie) }).score);
        const largest = [...drops].sort((a, b) => b - a)[2];
        same += Number(score - first.without >= largest);
        all += 1;
      }
      assert.ok(all >= 15 && same / all >= 0.9, `${same} of ${all}: the first reason is among the three that matter most`);
    });

    test("refuses a movie that it does not know", () => assert.throws(() => recommender.explain("nope"), refused("E_MOVIE")));
  });

  describe("diversity", () => {
    const likeness = (/** @type {string[]} */ list) => {
      let [sum, pairs] = [0, 0];
      for (const [i, id] of list.entries()) {
        const near = new Map(recommender.similar(id, 1000).map((each) => [each.id, each.score]));
        for (const other of list.slice(i + 1)) [sum, pairs] = [sum + /** @type {number} */ (near.get(other)), pairs + 1];
      }
      return sum / pairs;
    };

    test("of 0 is the plain list", () => {
      const history = ids.slice(5, 15);
      assert.deepEqual(recommender.recommend({ history, diversity: 0 }), recommender.recommend({ history }));
    });

    test("keeps the best movie first, each movie's own score, and the pool's movies", () => {
      const history = ids.slice(5, 15);
      const pool = new Map(recommender.recommend({ history, k: 100 }).map(({ id, score }) => [id, score]));
      const row = recommender.recommend({ history, diversity: 0.5 });
      assert.equal(row.length, 20);
      assert.equal(row[0].id, [...pool.keys()][0]);
      assert.equal(new Set(row.map(({ id }) => id)).size, 20);
      assert.ok(row.every(({ id, score }) => pool.get(id) === score));
    });

    test("makes the movies of a row less alike", () => {
      for (let start = 0; start < 100; start += 25) {
        const history = ids.slice(start, start + 8);
        const rows = [0, 0.3, 0.8].map((diversity) => recommender.recommend({ history, diversity, k: 10 }).map(({ id }) => id));
        const [plain, some, much] = rows.map(likeness);
        assert.ok(much < plain, `${much} ${plain}`);
        assert.ok(some <= plain + 1e-6, `${some} ${plain}`);
      }
    });

    for (const diversity of [-0.1, 1.1, NaN]) {
      test(`of ${diversity} is refused`, () => assert.throws(() => recommender.recommend({ diversity }), refused("E_PARAM")));
    }
  });

  describe("a movie that is not bought yet", () => {
    /** @param {string} id */
    const vectorOf = (id) => {
      // The score is a product, so a movie's numbers are its scores for the unit vectors.
      const { dim } = recommender.manifest;
      return Array.from({ length: dim }, (_, d) => {
        const unit = new Float32Array(dim);
        unit[d] = 1;
        return /** @type {any} */ (recommender.nearest(unit, { k: 1000 }).find((each) => each.id === id)).score;
      });
    };

    test("ranks where a movie with its vector ranks", () => {
      const history = ids.slice(60, 70);
      const list = recommender.recommend({ history, k: 12 });
      const twin = { id: "offer", title: "An offer", vector: vectorOf(list[6].id) };
      const found = recommender.recommend({ history, k: 13, added: [twin], exclude: [list[6].id] });
      assert.equal(found[6].id, "offer");
      assert.equal(found[6].title, "An offer");
      near(found[6].score, list[6].score);
      assert.deepEqual(found.filter(({ id }) => id !== "offer").slice(0, 11), list.filter((_, i) => i !== 6));
      near(recommender.explain("offer", { history, added: [twin] }).score, list[6].score);
      assert.ok(recommender.recommend({ history, k: 13, added: [twin], diversity: 0.3 }).length === 13);
    });

    test("is refused with numbers that are no vector, or an id of the catalogue", () => {
      for (const vector of [[1, 2], new Array(16).fill(NaN)]) {
        assert.throws(() => recommender.recommend({ added: [{ id: "x", vector }] }), refused("E_PARAM"));
      }
      const vector = new Array(16).fill(0);
      assert.throws(() => recommender.recommend({ added: [{ id: ids[4], vector }] }), refused("E_PARAM"));
    });
  });

  test("a viewer's new view is in the next answer, and a forgotten one in none", () => {
    const viewer = recommender.viewer({ history: ids.slice(0, 5), context: { plan: "monthly" } });
    const before = viewer.recommend();
    viewer.watched(before[0].id);
    const history = [...ids.slice(0, 5), before[0].id];
    assert.deepEqual(viewer.history, history);
    assert.deepEqual(viewer.recommend({ k: 7 }), recommender.recommend({ history, context: { plan: "monthly" }, k: 7 }));
    assert.deepEqual(
      viewer.explain(before[1].id),
      recommender.explain(before[1].id, { history, context: { plan: "monthly" } }),
    );
    viewer.forget(before[0].id);
    assert.deepEqual(viewer.recommend(), before);
  });

  test("all ways to compute give the same lists", async () => {
    const plain = await open(folderSource(path.join(bundles, "uint8")), { backend: "plain", unsigned: true });
    const wasm = await open(folderSource(path.join(bundles, "uint8")), { backend: "wasm", unsigned: true });
    for (let start = 0; start < 250; start += 10) {
      const question = { history: ids.slice(start, start + 12), k: 15 };
      const [a, b] = [plain.recommend(question), wasm.recommend(question)];
      assert.deepEqual(a.map(({ id }) => id), b.map(({ id }) => id));
      for (const [i, { score }] of a.entries()) near(score, b[i].score, 1e-5);
    }
  });

  test("the fastest way to compute that starts here is found", async () => {
    const found = await open(folderSource(path.join(bundles, "float32")), { backend: "fastest", unsigned: true });
    assert.ok(["plain", "wasm"].includes(found.backend), found.backend);
    assert.deepEqual(found.skipped.map(({ backend }) => backend), ["tfjs-webgpu", "tfjs-webgl"]);
    assert.deepEqual(
      found.recommend({ history: ids.slice(0, 9) }).map(({ id }) => id),
      recommender.recommend({ history: ids.slice(0, 9) }).map(({ id }) => id),
    );
  });

  test("a way to compute that does not exist is refused", async () => {
    const folder = folderSource(path.join(bundles, "float32"));
    for (const backend of /** @type {any[]} */ (["abacus", [], ["plain", "abacus"]])) {
      await assert.rejects(open(folder, { backend, unsigned: true }), refused("E_PARAM"));
    }
  });

  test("the first of a list that starts computes, and the others are told with their reasons", async () => {
    const folder = folderSource(path.join(bundles, "float32"));
    const found = await open(folder, { backend: ["tfjs-webgpu", "tfjs-webgl", "plain", "wasm"], unsigned: true });
    assert.equal(found.backend, "plain");
    assert.deepEqual(found.skipped, [
      { backend: "tfjs-webgpu", reason: "there is no WebGPU on this machine" },
      { backend: "tfjs-webgl", reason: "TF.js finds no webgl on this machine" },
    ]);
    assert.deepEqual(recommender.skipped, []);
  });

  test("what was asked for by itself and does not start is refused with the reason, and nothing else takes its place", async () => {
    const opening = open(folderSource(path.join(bundles, "float32")), { backend: "tfjs-webgl", unsigned: true });
    await assert.rejects(opening, (error) => refused("E_BACKEND")(error) && /no webgl on this machine/.test(String(error)));
  });

  test("without WebAssembly the reason is told", async () => {
    const { WebAssembly } = globalThis;
    try {
      Reflect.deleteProperty(globalThis, "WebAssembly");
      const found = await open(folderSource(path.join(bundles, "float32")), { unsigned: true });
      assert.equal(found.backend, "plain");
      assert.deepEqual(found.skipped, [{ backend: "wasm", reason: "WebAssembly is not defined" }]);
    } finally {
      globalThis.WebAssembly = WebAssembly;
    }
  });
});

test("of two that are alike, diversity takes the better one and then another", () => {
  // Scores 3, 2.9, 1: stretched to 1, 0.95, 0. The second is the first's twin: (1 - 0.6) · 0.95 - 0.6 · 1 = -0.22; the third is
  // at right angles: (1 - 0.6) · 0 - 0.6 · 0 = 0.
  const candidates = [{ score: 3 }, { score: 2.9 }, { score: 1 }];
  const vectors = [[1, 0], [2, 0], [0, 1]].map((numbers) => Float32Array.from(numbers));
  assert.deepEqual(diversified(candidates, vectors, 3, 0.6), [0, 2, 1]);
  assert.deepEqual(diversified(candidates, vectors, 2, 0.2), [0, 1]); // 0.8 · 0.95 - 0.2 = 0.56 > 0
  assert.deepEqual(diversified([], [], 3, 0.5), []);
});
