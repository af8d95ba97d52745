/** A bundle behind a web address. Nothing else is ever asked for, and nothing is ever sent. */

import { LATEST } from "./channel.js";
import { BundleError } from "./errors.js";

/** Neither cookies nor the page's address go along. */
const ANONYMOUS = /** @type {const} */ ({ credentials: "omit", referrerPolicy: "no-referrer" });

/**
 * @param {string | URL} address of a version's folder, or of a channel's
 * @param {{fetch?: typeof globalThis.fetch}} [options]
 * @returns {import("./verify.js").Source}
 */
export function urlSource(address, { fetch = globalThis.fetch } = {}) {
  const base = new URL(`${String(address).replace(/\/+$/, "")}/`, globalThis.location?.href);
  return {
    list: null,
    within: (folder) => urlSource(new URL(encodeURIComponent(folder), base), { fetch }),
    read: async (name) => {
      let answer;
      try {
        answer = await fetch(new URL(name, base), { ...ANONYMOUS, cache: name === LATEST ? "no-store" : "default" });
      } catch (error) {
        throw BundleError.of("E_UNREACHABLE", `${name} cannot be fetched (${error}).`, "Try again when there is a connection.");
      }
      if (answer.status === 404 || answer.status === 403) return null;
      if (!answer.ok) {
        throw BundleError.of("E_UNREACHABLE", `${name} cannot be fetched (status ${answer.status}).`, "Try again later.");
      }
      return new Uint8Array(await answer.arrayBuffer());
    },
  };
}
