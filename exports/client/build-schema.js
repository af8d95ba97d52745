// recsys/export/manifest.schema.json → src/manifest-schema.js: the one schema of manifests, without its prose, for src/schema.js.
import { readFile, writeFile } from "node:fs/promises";

const published = new URL("../../recsys/export/manifest.schema.json", import.meta.url);
const target = new URL("src/manifest-schema.js", import.meta.url);
/** A name below `properties` is a field of the manifest, whatever it is called. */
const bare = (/** @type {any} */ schema) =>
  Object.fromEntries(
    Object.entries(schema)
      .filter(([keyword]) => !["$schema", "title", "description"].includes(keyword))
      .map(([keyword, rule]) => {
        if (keyword === "properties") return [keyword, Object.fromEntries(Object.entries(rule).map(([name, each]) => [name, bare(each)]))];
        const within = ["additionalProperties", "propertyNames", "items"].includes(keyword) && typeof rule === "object";
        return [keyword, within ? bare(rule) : rule];
      }),
  );
const schema = JSON.stringify(bare(JSON.parse(await readFile(published, "utf8"))), null, 1);
const text = `// Made from recsys/export/manifest.schema.json by build-schema.js; not to be edited.\nexport default ${schema};\n`;
if (process.argv.includes("--check")) {
  const found = await readFile(target, "utf8");
  if (found !== text) throw new Error("src/manifest-schema.js is not what recsys/export/manifest.schema.json says: npm run build:schema");
} else {
  await writeFile(target, text);
}
