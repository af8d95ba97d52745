// Answers to many questions on several backends, for the tests that compare them with Python's: a JSON list of questions comes in on
// standard input; arguments are the bundle's folder and the backends.

import { text } from "node:stream/consumers";
import { open } from "../src/index.js";
import { folderSource } from "../src/node.js";

const [folder, ...backends] = process.argv.slice(2);
const questions = JSON.parse(await text(process.stdin));
/** @type {Record<string, any>} */
const answers = {};
for (const backend of backends) {
  const recommender = await open(folderSource(folder), { backend: /** @type {any} */ (backend), unsigned: true });
  if (recommender.backend !== backend) throw new Error(`${backend} did not start`);
  answers[backend] = questions.map((/** @type {any} */ question) => recommender.recommend(question));
  recommender.dispose();
}
process.stdout.write(JSON.stringify(answers));
