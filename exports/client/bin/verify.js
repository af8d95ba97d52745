#!/usr/bin/env node
// Verify a bundle and print the report that `recsys export verify` prints: exit status 0 it can be trusted, 2 refused.
//
//     node exports/client/bin/verify.js FOLDER [--installed VERSION] [--public-key FILE]...

import { readFile } from "node:fs/promises";
import { parseArgs } from "node:util";
import { BundleError } from "../src/errors.js";
import { folderSource } from "../src/node.js";
import { inspect } from "../src/verify.js";

const USAGE = "usage: verify FOLDER [--installed VERSION] [--public-key FILE]...\n";

async function main() {
  const { positionals, values } = parseArgs({
    allowPositionals: true,
    options: { installed: { type: "string" }, "public-key": { type: "string", multiple: true } },
  });
  if (positionals.length !== 1) throw new TypeError("one folder");
  const files = values["public-key"] ?? (process.env.RECSYS_EXPORT_PUBLIC_KEY ? [process.env.RECSYS_EXPORT_PUBLIC_KEY] : null);
  const publicKey = files && (await Promise.all(files.map(keyFile)));
  const report = await inspect(folderSource(positionals[0]), { installedVersion: values.installed ?? null, publicKey });
  process.stdout.write(`${JSON.stringify(report, null, 1)}\n`);
  return report.ok ? 0 : 2;
}

/** @param {string} path */
async function keyFile(path) {
  try {
    return await readFile(path, "utf8");
  } catch {
    throw BundleError.of("E_KEY", `${path} cannot be read.`, "Give the path of a key.");
  }
}

try {
  process.exitCode = await main();
} catch (error) {
  if (error instanceof BundleError) process.stderr.write(`${error.message}\n`);
  else process.stderr.write(error instanceof TypeError ? USAGE : `${error}\n`);
  process.exitCode = error instanceof BundleError || error instanceof TypeError ? 2 : 1;
}
