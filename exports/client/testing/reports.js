// Reports on many bundles in one process, for the tests that compare them with Python's: a JSON list of folders, each with the options
// of `inspect`, comes in on standard input, a JSON list of reports goes out.

import { text } from "node:stream/consumers";
import { folderSource } from "../src/node.js";
import { inspect } from "../src/verify.js";

const reports = [];
for (const { folder, ...options } of JSON.parse(await text(process.stdin))) {
  reports.push(await inspect(folderSource(folder), options));
}
process.stdout.write(JSON.stringify(reports));
