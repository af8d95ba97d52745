/** A bundle in a folder of the file system, and a folder to keep bundles in (Node). */

import { lstat, mkdir, readdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import path from "node:path";

/**
 * @param {string} folder of a version, or of a channel
 * @returns {import("./verify.js").Source}
 */
export function folderSource(folder) {
  return {
    within: (name) => folderSource(path.join(folder, name)),
    read: async (name) => {
      try {
        // A link, a folder or a pipe in the place of a file holds nothing.
        if (!(await lstat(path.join(folder, name))).isFile()) return new Uint8Array();
        const bytes = await readFile(path.join(folder, name));
        return new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength);
      } catch {
        return null;
      }
    },
    list: async () => {
      const entries = await readdir(folder, { recursive: true, withFileTypes: true });
      return new Map(
        entries
          .filter((entry) => !entry.isDirectory())
          .map((entry) => {
            const parent = entry.parentPath ?? entry.path; // Node 20 before 20.12
            return [path.relative(folder, path.join(parent, entry.name)).split(path.sep).join("/"), entry.isFile()];
          }),
      );
    },
  };
}

const KEY = /^[A-Za-z0-9][A-Za-z0-9.]*$/;

/**
 * A store in a folder. A file is written under another name first, so that it is there whole or not at all.
 * @param {string} folder
 * @returns {import("./store.js").Store}
 */
export function folderStore(folder) {
  const place = (/** @type {string} */ key) => {
    if (!KEY.test(key)) throw new TypeError(`'${key}' is no key`);
    return path.join(folder, key);
  };
  return {
    get: async (key) => {
      const bytes = await readFile(place(key)).catch(() => null);
      return bytes && new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    },
    put: async (key, bytes) => {
      await mkdir(folder, { recursive: true });
      const draft = path.join(folder, `.${key}.${process.pid}`);
      await writeFile(draft, bytes);
      await rename(draft, place(key));
    },
    delete: (key) => rm(place(key), { force: true }),
    keys: async () => (await readdir(folder).catch(() => [])).filter((name) => KEY.test(name)),
  };
}
