/** From an address to a recommender: verified, loaded, started. */

import { json } from "./bytes.js";
import { Catalogue } from "./catalogue.js";
import { answersEarly, startEngine } from "./engines.js";
import { Loader } from "./loader.js";
import { GraphModel } from "./model.js";
import { Recommender } from "./recommender.js";
import { Tower } from "./tower.js";
import { Vocabulary } from "./vocabulary.js";

/** @typedef {import("./verify.js").Source} Source */

/**
 * @typedef {object} OpenOptions
 * @property {import("./engines.js").Wanted} [backend] what computes, or several of which the first that starts does; see `engines.js`
 * @property {string | Record<string, string>} [wasmPaths] where TF.js's `.wasm` files are served, for `tfjs-wasm`
 * @property {string | string[] | null} [publicKey] of the publisher, who has to have signed the bundle: the text of the `.pub` file
 * @property {boolean} [unsigned] take a bundle without a public key to hold it against: anybody can have made it
 * @property {string | null} [installedVersion] version in use here, so that an older one is refused
 * @property {import("./store.js").Store | null} [store] where this device keeps bundles: then it starts without a connection, asks only
 *   for what has changed, and refuses versions older than the one it holds
 * @property {boolean} [early] be ready with the first movies, while the others are on their way (`plain` and `wasm`)
 * @property {(name: string, done: number, all: number) => void} [onFile] told of each file that is here and verified
 */

/** Files that `open` asks for by itself. */
const STARTED = ["ids.json", "titles.json", "tfjs/user_tower/", "tfjs/retrieve/"];

/**
 * Verify a bundle and load it.
 * @param {Source} source
 * @param {OpenOptions} [options]
 * @returns {Promise<Recommender>} throws BundleError where the bundle cannot be trusted
 */
export async function open(source, { backend = "auto", wasmPaths, early = false, ...fetching } = {}) {
  const loader = await Loader.start(source, fetching);
  const [ids, titles, tower, movies] = await Promise.all([
    loader.get("ids.json"),
    loader.get("titles.json"),
    graph(loader, "tfjs/user_tower"),
    graph(loader, "tfjs/retrieve"),
  ]);
  const rest = [...loader.names].filter((name) => !STARTED.some((start) => name.startsWith(start))).map((name) => loader.get(name));
  const all = Promise.all([...rest, tower.whole, movies.whole]).then(() => loader.finish());
  all.catch(() => {}); // whoever waits for it learns of it
  await tower.whole;
  if (early && answersEarly(backend)) await movies.some;
  else await all;
  const parts = { catalogue: new Catalogue(movies.model), tower: new Tower(tower.model), graphs: { tower: tower.model, movies: movies.model } };
  const { engine, skipped } = await startEngine(parts, backend, wasmPaths);
  movies.onShard(() => {
    parts.catalogue.update();
    engine.update();
  });
  const vocabulary = new Vocabulary(json(ids));
  return new Recommender({ ...parts, loader, vocabulary, titles: json(titles).titles, engine, skipped, complete: all });
}

/**
 * A graph whose shards are on their way.
 * @param {Loader} loader
 * @param {string} folder
 */
async function graph(loader, folder) {
  const model = new GraphModel(await loader.get(`${folder}/model.json`));
  let told = () => {};
  const shards = model.shards.map(async (shard) => {
    model.add(shard, await loader.get(`${folder}/${shard}`));
    told();
  });
  const whole = Promise.all(shards);
  whole.catch(() => {}); // seen by whoever waits for the whole
  return { model, whole, some: shards[0] ?? whole, onShard: (/** @type {() => void} */ take) => void ((told = take), take()) };
}
