/**
 * The phone preview: a Streamlit component that runs the client on an exported bundle in the reader's browser, as a phone would.
 * What is set here goes back to the app, which answers the same question in Python and compares.
 */

import { BundleError } from "../src/errors.js";
import { open } from "../src/open.js";
import { unpack } from "./pack.js";
import { chip, choice, element, searchField, tile } from "./page.js";
import { ask } from "./state.js";

/** @typedef {import("../src/recommender.js").Recommender} Recommender */
/** @typedef {import("./state.js").Offer} Offer */

const SAY_AFTER_MILLISECONDS = 150;
/** @type {WeakMap<object, string>} what is drawn in an element */
const drawn = new WeakMap();

/** @param {{data: Uint8Array, parentElement: any, setStateValue: (name: string, value: any) => void}} component */
export default function mount({ data, parentElement, setStateValue }) {
  const pack = unpack(data);
  if (drawn.get(parentElement) === pack.stamp) return;
  drawn.set(parentElement, pack.stamp);
  const root = parentElement.querySelector(".preview") ?? parentElement.appendChild(element("div", { class: "preview" }));
  root.replaceChildren(element("p", { class: "note", role: "status" }, "Opening the bundle …"));
  start(root, pack, (asked) => setStateValue("asked", asked)).catch((error) => {
    const said = error instanceof BundleError ? error.message : `The preview failed: ${error}`;
    root.replaceChildren(element("p", { class: "refused", role: "alert" }, said));
  });
}

/**
 * @param {HTMLElement} root
 * @param {import("./pack.js").Pack} pack
 * @param {(asked: any) => void} tell
 */
async function start(root, { source, facts, stamp }, tell) {
  const before = performance.now();
  const recommender = await open(source, { unsigned: true });
  recommender.recommend();
  const opened = performance.now() - before;
  const page = draw(root, recommender, facts, opened, (choice, answer) => tell({ stamp, ...choice, ...answer }));
  page.update();
}

/**
 * @param {HTMLElement} root
 * @param {Recommender} recommender
 * @param {any} facts
 * @param {number} opened milliseconds until the first answer
 * @param {(choice: any, answer: any) => void} tell
 */
function draw(root, recommender, facts, opened, tell) {
  /** @type {import("./state.js").Choice} */
  const state = { history: [], context: {}, offer: null, diversity: 0 };
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let waiting;
  const list = element("ol", { class: "row", "aria-label": "Home row" });
  const chips = element("ul", { class: "chips", "aria-label": "Watched" });
  const verdict = element("p", { class: "verdict", role: "status" });
  const speed = element("dd", { class: "speed" });

  const update = () => {
    const answer = ask(recommender, state, facts.gone);
    list.replaceChildren(...answer.row.map((movie, i) => tile(movie, i + 1, watch)));
    const watched = state.history.map((id) => ({ id, title: recommender.title(id) ?? id }));
    chips.replaceChildren(
      ...(watched.length ? watched.map((movie) => chip(movie, forget)) : [element("li", { class: "none" }, "nothing yet: somebody new")]),
    );
    verdict.textContent = said(state.offer, answer, recommender.manifest.counts.movies - facts.gone.length);
    speed.textContent = `${answer.milliseconds < 0.1 ? "under 0.1" : answer.milliseconds.toFixed(1)} ms`;
    clearTimeout(waiting);
    const compared = { ids: answer.compared.map(({ id }) => id), scores: answer.compared.map(({ score }) => score) };
    waiting = setTimeout(() => tell({ history: state.history, context: state.context, offer: state.offer?.id ?? null }, compared), SAY_AFTER_MILLISECONDS);
  };
  const watch = (/** @type {string} */ id) => {
    state.history = [...state.history.filter((other) => other !== id), id];
    update();
  };
  const forget = (/** @type {string} */ id) => {
    state.history = state.history.filter((other) => other !== id);
    update();
  };

  const people = /** @type {{name: string, history: string[], context: Record<string, string>}[]} */ (facts.personas);
  const known = element("p", { class: "note" });
  const persona = choice(
    "Who holds the phone",
    [["own", "somebody invented"], ...people.map(({ name }, i) => /** @type {[string, string]} */ ([String(i), name]))],
    (value) => {
      const chosen = people[Number(value)] ?? { history: [], context: {} };
      state.history = [...chosen.history];
      state.context = chosen.context;
      const pairs = Object.entries(state.context).map(([name, each]) => `${name.replaceAll("_", " ")} ${each}`);
      known.textContent = pairs.length ? `Known besides: ${pairs.join(", ")}.` : "";
      update();
    },
  );
  const offers = /** @type {Offer[]} */ (facts.offers);
  const bought = offers.length
    ? choice(
        "If we bought",
        [["", "nothing: the service as it is"], ...offers.map(({ title }, i) => /** @type {[string, string]} */ ([String(i), title]))],
        (value) => {
          state.offer = value === "" ? null : offers[Number(value)];
          update();
        },
      )
    : element("p", { class: "note" }, facts.no_offers);
  const variety = element("input", { type: "range", min: "0", max: "100", value: "0", step: "10", "aria-label": "Variety" });
  variety.oninput = () => {
    state.diversity = Number(variety.value) / 100;
    update();
  };

  root.replaceChildren(
    element(
      "section",
      { class: "device", "aria-label": "Phone" },
      element("div", { class: "speaker", "aria-hidden": "true" }),
      element(
        "div",
        { class: "screen", tabindex: "0" },
        element("p", { class: "bar" }, facts.service, facts.simulated ? element("small", {}, "simulated") : null),
        element("h3", {}, "For you"),
        list,
      ),
    ),
    element(
      "section",
      { class: "controls", "aria-label": "What to preview" },
      element("div", { class: "field" }, persona, known),
      element("div", { class: "field" }, element("span", { class: "label" }, "Watched"), chips, searchField((text) => recommender.find(text, 8), watch)),
      bought,
      verdict,
      element(
        "label",
        { class: "field" },
        element("span", { class: "label" }, "Variety"),
        variety,
        element("span", { class: "ends" }, element("span", {}, "best first"), element("span", {}, "as varied as can be")),
      ),
      element(
        "dl",
        { class: "facts" },
        ...fact("An answer takes", speed),
        ...fact("Opened and checked in", `${Math.ceil(opened)} ms`),
        ...fact("A phone downloads", `${(recommender.bytes / 1e6).toFixed(2)} MB`),
        ...fact("Computed by", computedBy(recommender)),
      ),
    ),
  );
  return { update };
}

/** @param {Recommender} recommender */
function computedBy({ backend, skipped }) {
  if (backend === "wasm") return "WebAssembly, in this browser";
  return ["JavaScript, in this browser", ...skipped.map(({ reason }) => `WebAssembly does not start: ${reason}`)].join("; ");
}

/**
 * @param {string} name
 * @param {HTMLElement | string} value
 */
function fact(name, value) {
  return [element("dt", {}, name), typeof value === "string" ? element("dd", {}, value) : value];
}

/**
 * What an offer does to the row, in words.
 * @param {Offer | null} offer
 * @param {import("./state.js").Answer} answer
 * @param {number} movies
 */
function said(offer, { row, place, pushedOut }, movies) {
  if (!offer) return "";
  const shown = row.findIndex(({ offered }) => offered);
  if (shown < 0) return `${offer.title} would be number ${place} of ${movies + 1} for this viewer: not on the home row.`;
  return `${offer.title} would be number ${shown + 1} on the home row${pushedOut ? `; ${pushedOut} leaves it` : ""}.`;
}
