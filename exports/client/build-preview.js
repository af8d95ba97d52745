// preview/phone.js, and the client in it without TF.js → recsys/app/preview/phone.js, which the app carries with it.
import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const target = fileURLToPath(new URL("../../recsys/app/preview/phone.js", import.meta.url));
/** @type {import("esbuild").Plugin} */
const withoutTfjs = {
  name: "without-tfjs",
  setup: ({ onLoad }) => {
    onLoad({ filter: /src[/\\]tfjs\.js$/ }, () => ({
      contents: 'export const tfjsEngine = async () => { throw new Error("TF.js is not part of the preview"); };',
    }));
  },
};
const check = process.argv.includes("--check");
const { outputFiles } = await build({
  entryPoints: [fileURLToPath(new URL("preview/phone.js", import.meta.url))],
  outfile: target,
  bundle: true,
  format: "esm",
  platform: "browser",
  target: "es2022",
  minify: true,
  charset: "utf8",
  legalComments: "none",
  banner: { js: "// Made from exports/client/preview by build-preview.js; not to be edited." },
  plugins: [withoutTfjs],
  write: !check,
});
if (check && outputFiles && outputFiles[0].text !== (await readFile(target, "utf8"))) {
  throw new Error("recsys/app/preview/phone.js is not what exports/client says: npm run build:preview");
}
