/** Recommend on the device from a Greenlight export bundle. In Node, `folderSource` comes from `greenlight-client/node`. */

export { BundleError } from "./errors.js";
export { CLIENT_VERSION } from "./manifest.js";
export { open } from "./open.js";
export { Recommender } from "./recommender.js";
export { urlSource } from "./source.js";
export { browserStore } from "./store.js";
export { inspect, openManifest, readVerified, verify } from "./verify.js";
export { Viewer } from "./viewer.js";
export { connect } from "./worker.js";
