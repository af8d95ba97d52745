// A worker for Node: new Worker("worker-node.js"), from a bundle in a folder.
import { parentPort } from "node:worker_threads";
import { tmpdir } from "node:os";
import path from "node:path";
import { folderSource, folderStore } from "greenlight-client/node";
import { serve } from "greenlight-client/worker";

const kept = process.env.GREENLIGHT_STORE ?? path.join(tmpdir(), "greenlight-store");
if (parentPort) serve(parentPort, { source: folderSource, store: () => folderStore(kept) });
