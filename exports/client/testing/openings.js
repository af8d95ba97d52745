// What becomes of whoever opens many bundles, in one process: a JSON list of folders, each with the options of `open`, comes in on
// standard input; out goes, for each, the code it was refused with or what it answers.

import { text } from "node:stream/consumers";
import { open } from "../src/index.js";
import { folderSource } from "../src/node.js";

const openings = [];
for (const { folder, ...options } of JSON.parse(await text(process.stdin))) {
  try {
    const recommender = await open(folderSource(folder), options);
    const history = recommender.vocabulary.ids.slice(3, 20);
    openings.push({ row: recommender.recommend({ history }), similar: recommender.similar(history[0]) });
  } catch (error) {
    openings.push({ code: /** @type {any} */ (error).code ?? String(error) });
  }
}
process.stdout.write(JSON.stringify(openings));
