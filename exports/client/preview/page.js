/** The phone and what can be set beside it, as elements. Titles are text, whatever they hold. */

/**
 * @param {string} tag
 * @param {Record<string, any>} [properties] of the element; `class` and names with a dash are attributes
 * @param {...(Node | string | null)} children
 * @returns {any}
 */
export function element(tag, properties = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (value === null || value === undefined) continue;
    if (name === "class" || name === "role" || name.includes("-")) made.setAttribute(name, value);
    else /** @type {any} */ (made)[name] = value;
  }
  made.append(...children.filter((child) => child !== null));
  return made;
}

/**
 * A movie of the row.
 * @param {import("./state.js").Answer["row"][number]} movie
 * @param {number} place from 1
 * @param {(id: string) => void} watch
 */
export function tile(movie, place, watch) {
  const said = movie.offered ? "if we bought it" : movie.because ? `because of ${movie.because}` : "liked by many";
  return element(
    "li",
    { class: movie.offered ? "tile offered" : "tile" },
    element(
      "button",
      {
        type: "button",
        disabled: movie.offered,
        title: movie.offered ? null : "Watch it",
        "aria-label": `${place}. ${movie.title}, ${said}${movie.offered ? "" : ". Watch it"}`,
        onclick: () => watch(movie.id),
      },
      element("span", { class: "poster", "aria-hidden": "true", "data-hue": hue(movie.id) }, [...movie.title][0] ?? "?"),
      element(
        "span",
        { class: "words" },
        element("span", { class: "title" }, movie.title),
        element("span", { class: "reason" }, movie.offered ? "★ if we bought it" : said),
      ),
      element("span", { class: "place", "aria-hidden": "true" }, String(place)),
    ),
  );
}

/**
 * One of six quiet colours for a movie without a poster, always the same one.
 * @param {string} id
 */
function hue(id) {
  let sum = 0;
  for (const character of id) sum = (sum * 31 + /** @type {number} */ (character.codePointAt(0))) % 997;
  return String(sum % 6);
}

/**
 * A movie that was watched, with a way to take it back.
 * @param {{id: string, title: string}} movie
 * @param {(id: string) => void} forget
 */
export function chip({ id, title }, forget) {
  return element(
    "li",
    { class: "chip" },
    element("span", {}, title),
    element("button", { type: "button", "aria-label": `Forget ${title}`, onclick: () => forget(id) }, "×"),
  );
}

/**
 * A field that finds movies by title.
 * @param {(text: string) => {id: string, title: string}[]} find
 * @param {(id: string) => void} take
 */
export function searchField(find, take) {
  let [found, at] = [/** @type {{id: string, title: string}[]} */ ([]), 0];
  const list = element("ul", { class: "found", role: "listbox", id: "found", "aria-label": "Movies found" });
  const input = element("input", {
    type: "search",
    placeholder: "Add a movie: type a part of its title",
    autocomplete: "off",
    role: "combobox",
    "aria-expanded": "false",
    "aria-controls": "found",
    "aria-label": "Add a movie that was watched",
  });
  const draw = () => {
    list.replaceChildren(
      ...found.map(({ id, title }, i) =>
        element(
          "li",
          {
            role: "option",
            id: `found-${i}`,
            "aria-selected": String(i === at),
            onmousedown: (/** @type {Event} */ event) => {
              event.preventDefault();
              choose(id);
            },
          },
          title,
        ),
      ),
    );
    input.setAttribute("aria-expanded", String(found.length > 0));
    if (found.length) input.setAttribute("aria-activedescendant", `found-${at}`);
    else input.removeAttribute("aria-activedescendant");
  };
  const choose = (/** @type {string} */ id) => {
    input.value = "";
    found = [];
    draw();
    take(id);
  };
  input.oninput = () => {
    [found, at] = [input.value.trim() ? find(input.value) : [], 0];
    draw();
  };
  input.onblur = () => {
    found = [];
    draw();
  };
  input.onkeydown = (/** @type {KeyboardEvent} */ event) => {
    if (!found.length) return;
    if (event.key === "ArrowDown") at = (at + 1) % found.length;
    else if (event.key === "ArrowUp") at = (at + found.length - 1) % found.length;
    else if (event.key === "Enter") return choose(found[at].id);
    else if (event.key === "Escape") found = [];
    else return;
    event.preventDefault();
    draw();
  };
  return element("div", { class: "search" }, input, list);
}

/**
 * A list to choose one of.
 * @param {string} label
 * @param {[string, string][]} options value and words
 * @param {(value: string) => void} chosen
 */
export function choice(label, options, chosen) {
  const select = element(
    "select",
    { "aria-label": label, onchange: () => chosen(select.value) },
    ...options.map(([value, words]) => element("option", { value }, words)),
  );
  return element("label", { class: "field" }, element("span", { class: "label" }, label), select);
}
