/** A bundle in a folder of the file system (Node). */

import { readdir, readFile } from "node:fs/promises";
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
