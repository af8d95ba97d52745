// A worker for Node: new Worker("worker-node.js"), from a bundle in a folder.
import { parentPort } from "node:worker_threads";
import { folderSource } from "greenlight-client/node";
import { serve } from "greenlight-client/worker";

if (parentPort) serve(parentPort, { source: folderSource });
