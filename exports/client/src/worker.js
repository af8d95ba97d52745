/**
 * A recommender in a worker, so that loading and answering never hold up what people see. In the worker: `serve(self)`. On the page:
 * `const recommender = await connect(new Worker(…), { address })`. The same in Node with `worker_threads`.
 */

import { BundleError } from "./errors.js";
import { open } from "./open.js";
import { urlSource } from "./source.js";
import { browserStore } from "./store.js";

/** @typedef {import("./recommender.js").Recommender} Recommender */
/** @typedef {import("./open.js").OpenOptions} OpenOptions */

/**
 * One side of a channel: a worker, a worker's own scope, a message port.
 * @typedef {object} Port
 * @property {(message: any) => void} postMessage
 * @property {(type: any, listener: any) => any} [addEventListener] as browsers have it
 * @property {(type: any, listener: any) => any} [on] as Node has it
 */

/** @typedef {"recommend" | "similar" | "explain" | "userVector" | "nearest" | "find" | "selfTest"} Method */

const METHODS = /** @type {Method[]} */ (["recommend", "similar", "explain", "userVector", "nearest", "find", "selfTest"]);

/**
 * Answer what a page asks.
 * @param {Port} port
 * @param {object} [options]
 * @param {(address: string) => import("./verify.js").Source} [options.source] how an address becomes a bundle; by fetching it
 * @param {(address: string) => Promise<import("./store.js").Store> | import("./store.js").Store} [options.store] where bundles are kept
 *   for whoever asks to `keep` them; the Cache API
 */
export function serve(port, { source = urlSource, store = browserStore } = {}) {
  /** @type {Recommender | null} */
  let recommender = null;
  const run = async (/** @type {string} */ method, /** @type {any[]} */ args) => {
    if (method === "open") {
      recommender?.dispose();
      const [address, { keep, ...options }] = args;
      recommender = await open(source(address), { ...options, store: keep ? await store(address) : null });
      return facts(recommender);
    }
    if (!recommender || !METHODS.includes(/** @type {Method} */ (method))) throw new TypeError(`nothing answers '${method}' here`);
    return /** @type {any} */ (recommender)[method](...args);
  };
  listen(port, async ({ id, method, args }) => {
    try {
      port.postMessage({ id, result: await run(method, args) });
    } catch (error) {
      const findings = error instanceof BundleError ? error.findings : null;
      port.postMessage({ id, error: String(/** @type {any} */ (error)?.message ?? error), findings });
    }
  });
}

/** @param {Recommender} recommender */
function facts({ version, backend, skipped, bytes, manifest, origin }) {
  return { version, backend, skipped, bytes, manifest, origin };
}

/**
 * A recommender in a worker that serves. Its methods are the recommender's and give promises.
 * @param {Port} port
 * @param {{address: string, keep?: boolean} & Omit<OpenOptions, "onFile" | "store" | "early">} options where the bundle lies, whether the
 *   device keeps it, and what `open` takes
 * @returns {Promise<ReturnType<typeof facts> & Record<Method, (...args: any[]) => Promise<any>>>} rejects with BundleError where the
 *   bundle cannot be trusted
 */
export async function connect(port, { address, ...options }) {
  /** @type {Map<number, {resolve: (result: any) => void, reject: (error: Error) => void}>} */
  const waiting = new Map();
  let last = 0;
  listen(port, ({ id, result, error, findings }) => {
    const asked = waiting.get(id);
    waiting.delete(id);
    if (findings) asked?.reject(new BundleError(findings));
    else if (error !== undefined) asked?.reject(new Error(error));
    else asked?.resolve(result);
  });
  const ask = (/** @type {string} */ method, /** @type {any[]} */ ...args) =>
    new Promise((resolve, reject) => {
      const id = ++last;
      waiting.set(id, { resolve, reject });
      port.postMessage({ id, method, args });
    });
  const opened = await ask("open", address, options);
  const methods = Object.fromEntries(METHODS.map((method) => [method, (/** @type {any[]} */ ...args) => ask(method, ...args)]));
  return /** @type {any} */ ({ ...opened, ...methods });
}

/**
 * @param {Port} port
 * @param {(message: any) => void} take
 */
function listen(port, take) {
  if (port.on) port.on("message", take);
  else port.addEventListener?.("message", (/** @type {{data: any}} */ { data }) => take(data));
}
