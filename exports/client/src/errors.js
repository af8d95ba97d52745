/**
 * Why a bundle or a question is refused: a stable code, one sentence, a remedy. The codes and sentences about bundles are the
 * Python verifier's.
 */

/**
 * @typedef {object} Finding
 * @property {string} code
 * @property {string} message
 * @property {string} remedy
 * @property {null} table
 * @property {null} column
 * @property {number[]} rows
 */

export const REMEDY = "Fetch the bundle again from where it was published, or export it again.";

/**
 * @param {string} code
 * @param {string} message
 * @param {string} [remedy]
 * @returns {Finding}
 */
export function finding(code, message, remedy = REMEDY) {
  return { code, message, remedy, table: null, column: null, rows: [] };
}

/** A bundle that cannot be trusted, or a question that cannot be asked of it. */
export class BundleError extends Error {
  /** @param {Finding[]} findings */
  constructor(findings) {
    super(findings.map((f) => `${f.code} ${f.message} ${f.remedy}`).join("\n"));
    this.name = "BundleError";
    this.findings = findings;
  }

  /** Code of the first finding. */
  get code() {
    return this.findings[0].code;
  }

  /**
   * @param {string} code
   * @param {string} message
   * @param {string} [remedy]
   */
  static of(code, message, remedy) {
    return new BundleError([finding(code, message, remedy)]);
  }
}
