// How long a bundle takes to open and to answer: node testing/bench.js FOLDER [REPEATS]. One line of JSON a backend.

import { open } from "../src/index.js";
import { folderSource } from "../src/node.js";

const [folder, repeats = "500"] = process.argv.slice(2);

/** @param {() => void} step */
function milliseconds(step) {
  for (let i = 0; i < 50; i++) step();
  const taken = Array.from({ length: Number(repeats) }, () => {
    const started = performance.now();
    step();
    return performance.now() - started;
  }).sort((a, b) => a - b);
  const at = (/** @type {number} */ share) => Number(taken[Math.floor(share * (taken.length - 1))].toFixed(3));
  return { best: at(0), median: at(0.5), p90: at(0.9) };
}

for (const backend of /** @type {const} */ (["plain", "wasm", "tfjs-cpu", "tfjs-wasm"])) {
  const started = performance.now();
  const recommender = await open(folderSource(folder), { backend, unsigned: true });
  const history = recommender.vocabulary.ids.slice(10, 40);
  recommender.recommend({ history });
  const ready = performance.now() - started;
  const vector = recommender.userVector({ history });
  const result = {
    backend,
    movies: recommender.vocabulary.ids.length,
    dtype: recommender.manifest.dtype,
    phone_bytes: recommender.bytes,
    open_and_first_answer: Math.round(ready),
    top_20: milliseconds(() => recommender.nearest(vector)),
    user_vector_of_30: milliseconds(() => recommender.userVector({ history })),
    recommend: milliseconds(() => recommender.recommend({ history })),
  };
  process.stdout.write(`${JSON.stringify(result)}\n`);
  recommender.dispose();
}
