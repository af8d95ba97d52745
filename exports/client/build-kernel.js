// src/kernel.wat → src/kernel.js: the WebAssembly of the catalogue's scores, as a few hundred bytes in base64.
import { readFile, writeFile } from "node:fs/promises";
import wabt from "wabt";

const folder = new URL("src/", import.meta.url);
const source = await readFile(new URL("kernel.wat", folder), "utf8");
const module = (await wabt()).parseWat("kernel.wat", source, { simd: true });
const { buffer } = module.toBinary({});
const text = `// Made from kernel.wat by build-kernel.js; not to be edited.\nexport default "${Buffer.from(buffer).toString("base64")}";\n`;
if (process.argv.includes("--check")) {
  const found = await readFile(new URL("kernel.js", folder), "utf8");
  if (found !== text) throw new Error("src/kernel.js is not what src/kernel.wat says: npm run build:kernel");
} else {
  await writeFile(new URL("kernel.js", folder), text);
}
