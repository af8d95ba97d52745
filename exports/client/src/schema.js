/**
 * As much of JSON Schema as the manifest's schema uses, so that no validator has to travel to the phone.
 */

/**
 * Places (JSON pointers, sorted) where a document does not follow a schema; a keyword that is not known here is an error.
 * @param {any} schema
 * @param {any} value
 * @returns {string[]}
 */
export function violations(schema, value) {
  /** @type {Set<string>} */
  const found = new Set();
  walk(schema, value, [], found);
  return [...found].sort();
}

/** @type {Record<string, (value: any) => boolean>} */
const TYPES = {
  object: (v) => typeof v === "object" && v !== null && !Array.isArray(v),
  array: Array.isArray,
  string: (v) => typeof v === "string",
  integer: Number.isSafeInteger,
  number: (v) => typeof v === "number",
  boolean: (v) => typeof v === "boolean",
  null: (v) => v === null,
};

/** @type {Record<string, (rule: any, value: any, path: string[], found: Set<string>, schema: any) => boolean>} */
const KEYWORDS = {
  type: (rule, v) => [rule].flat().some((name) => TYPES[name](v)),
  const: (rule, v) => v === rule,
  enum: (rule, v) => rule.includes(v),
  pattern: (rule, v) => typeof v !== "string" || new RegExp(rule, "u").test(v),
  minLength: (rule, v) => typeof v !== "string" || v.length >= rule,
  minimum: (rule, v) => typeof v !== "number" || v >= rule,
  maximum: (rule, v) => typeof v !== "number" || v <= rule,
  required: (rule, v) => !TYPES.object(v) || rule.every((/** @type {string} */ key) => Object.hasOwn(v, key)),
  propertyNames: (rule, v) => !TYPES.object(v) || Object.keys(v).every((key) => violations(rule, key).length === 0),
  properties: (rule, v, path, found) => {
    for (const key of TYPES.object(v) ? Object.keys(rule) : []) {
      if (Object.hasOwn(v, key)) walk(rule[key], v[key], [...path, key], found);
    }
    return true;
  },
  additionalProperties: (rule, v, path, found, schema) => {
    const others = TYPES.object(v) ? Object.keys(v).filter((key) => !Object.hasOwn(schema.properties ?? {}, key)) : [];
    if (rule === false) return others.length === 0;
    for (const key of others) walk(rule, v[key], [...path, key], found);
    return true;
  },
  items: (rule, v, path, found) => {
    for (const [index, item] of (Array.isArray(v) ? v : []).entries()) walk(rule, item, [...path, String(index)], found);
    return true;
  },
};

/**
 * @param {any} schema
 * @param {any} value
 * @param {string[]} path
 * @param {Set<string>} found
 */
function walk(schema, value, path, found) {
  for (const [keyword, rule] of Object.entries(schema)) {
    if (!Object.hasOwn(KEYWORDS, keyword)) throw new Error(`the schema uses ${keyword}, which this validator does not know`);
    if (!KEYWORDS[keyword](rule, value, path, found, schema)) found.add(`/${path.join("/")}`);
  }
}
