/**
 * What a device keeps of a bundle, so that it can start without a connection and needs only what has changed. Files lie under their
 * checksum; `manifest.json` says which of them are the installed version and is written last. Whatever is read here is verified anew.
 */

/**
 * Where a device keeps bytes: `browserStore`, `folderStore` (Node), or four functions of your own (React Native).
 * @typedef {object} Store
 * @property {(key: string) => Promise<Uint8Array | null>} get
 * @property {(key: string, bytes: Uint8Array) => Promise<void>} put
 * @property {(key: string) => Promise<void>} delete
 * @property {() => Promise<string[]>} keys
 */

/**
 * A store in the browser's Cache API.
 * @param {string} name one for each bundle's address
 * @returns {Promise<Store>} throws where this page has no Cache API (it needs https or localhost)
 */
export async function browserStore(name) {
  const cache = await caches.open(`greenlight:${name}`);
  const place = (/** @type {string} */ key) => new URL(`/greenlight-store/${key}`, location.origin).href;
  return {
    get: async (key) => {
      const found = await cache.match(place(key));
      return found ? new Uint8Array(await found.arrayBuffer()) : null;
    },
    put: async (key, bytes) => cache.put(place(key), new Response(/** @type {Uint8Array<ArrayBuffer>} */ (bytes))),
    delete: async (key) => {
      await cache.delete(place(key));
    },
    keys: async () => (await cache.keys()).map(({ url }) => /** @type {string} */ (new URL(url).pathname.split("/").at(-1))),
  };
}
