// A worker for a page: new Worker("worker.js", { type: "module" }). It fetches the bundle's files and nothing else.
import { serve } from "greenlight-client/worker";

serve(self);
