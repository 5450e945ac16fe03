/** The lists beside the map. It shows a state and tells what was asked for; it decides nothing itself. */
const SHOWN = 200; // documents listed at once
const count = new Intl.NumberFormat("en");

class Panel {
  constructor(corpus, actions) {
    Object.assign(this, { corpus, actions });
    this.find = (selector) => document.querySelector(selector);
    const topics = corpus.topics.length - 1, outliers = corpus.topics[0].size;
    const plural = Panel.#plural;
    this.find("#summary").textContent = `${plural(corpus.size, "document")} · ${plural(topics, "topic")}`;
    this.find("#outliers span").textContent = `${count.format(outliers)} outlier${outliers === 1 ? "" : "s"}`;
    this.find("#outliers").hidden = !outliers;
    this.items = corpus.topics.map((topic, row) => this.#item(topic, row));
    this.find("#topics").append(...this.items.slice(1), ...(outliers ? [this.items[0]] : []));
    this.#listen();
  }

  static #plural(number, noun) { return `${count.format(number)} ${noun}${number === 1 ? "" : "s"}`; }

  static #make(tag, text, attributes = {}) {
    const element = Object.assign(document.createElement(tag), attributes);
    element.textContent = text; // never as markup: it is what somebody's documents say
    return element;
  }

  #item(topic, row) {
    const item = Panel.#make("li", "", { className: "topic" });
    const button = Panel.#make("button", "", { type: "button" });
    button.append(
      Panel.#make("i", ""),
      Panel.#make("strong", topic.label, { dir: "auto" }),
      Panel.#make("data", count.format(topic.size), { value: topic.size }),
      Panel.#make("small", topic.keywords.join(", "), { dir: "auto" }),
    );
    button.addEventListener("click", () => this.actions.light(row));
    item.append(button);
    return item;
  }

  #document(index, row) {
    const item = document.createElement("li");
    const button = Panel.#make("button", "", { type: "button" });
    const dot = document.createElement("i");
    dot.style.setProperty("--dot", this.colors[row]);
    button.append(dot, Panel.#make("span", this.corpus.headlines[index], { dir: "auto" }));
    button.dataset.document = index;
    button.addEventListener("click", () => this.actions.choose(index));
    item.append(button);
    return item;
  }

  #listen() {
    const search = this.find("#search input");
    search.addEventListener("input", () => {
      clearTimeout(this.wait);
      this.wait = setTimeout(() => this.actions.search(search.value.trim()), 90);
    });
    this.find("#clear").addEventListener("click", () => {
      this.clearSearch();
      this.actions.search("");
      search.focus();
    });
    this.find("#outliers input").addEventListener("change", (event) => this.actions.showOutliers(event.target.checked));
    this.find("#fold").addEventListener("click", () => this.unfold(document.body.classList.contains("folded")));
    search.addEventListener("focus", () => this.unfold(true));
    this.find("#lists").addEventListener("keydown", (event) => {
      const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
      if (!step && event.key !== "Home" && event.key !== "End") return;
      const buttons = [...this.find("#lists").querySelectorAll("li button")].filter((b) => b.offsetParent);
      const at = buttons.indexOf(document.activeElement);
      const to = step ? at + step : event.key === "Home" ? 0 : buttons.length - 1;
      if (at < 0 || !buttons[to]) return;
      event.preventDefault();
      buttons[to].focus();
    });
  }

  unfold(open) {
    document.body.classList.toggle("folded", !open);
    this.find("#fold").setAttribute("aria-expanded", open);
  }

  setColors(colors) {
    this.colors = colors;
    this.items.forEach((item, row) => item.style.setProperty("--dot", colors[row]));
    for (const dot of document.querySelectorAll(".documents i")) {
      const row = this.corpus.rows[dot.parentElement.dataset.document];
      dot.style.setProperty("--dot", colors[row]);
    }
  }

  focusSearch() { this.find("#search input").select(); }
  clearSearch() { this.find("#search input").value = ""; }

  show({ lit, query, matches, found, chosen, outliers }) {
    this.items.forEach((item, row) => {
      item.hidden = query !== "" && row !== lit && !found?.has(row);
      item.classList.toggle("lit", row === lit);
      item.firstChild.setAttribute("aria-pressed", row === lit);
      if (row !== lit || query) item.querySelector("ul")?.remove();
    });
    this.find("#clear").hidden = !query;
    this.find("#topics-title b").textContent = query ? count.format(found?.size ?? 0) : "";
    this.find("#outliers input").checked = outliers;
    if (lit !== null && !query) this.#listInTopic(lit);
    this.#listFound(query, matches);
    for (const button of document.querySelectorAll(".documents button")) {
      button.classList.toggle("chosen", Number(button.dataset.document) === chosen);
    }
  }

  #listInTopic(row) {
    const item = this.items[row];
    if (item.querySelector("ul")) return;
    const list = Panel.#make("ul", "", { className: "documents" });
    item.append(list);
    this.#fill(list, this.corpus.members[row], 25);
  }

  #listFound(query, matches) {
    if (this.listed === query) return; // the list keeps its place and focus
    this.listed = query;
    const heading = this.find("#documents-title"), list = this.find("#documents");
    heading.hidden = list.hidden = !query;
    const found = [];
    if (query) matches.forEach((hit, index) => hit && found.push(index));
    heading.querySelector("b").textContent = count.format(found.length);
    this.#fill(list, found, SHOWN);
  }

  #fill(list, documents, limit) {
    list.replaceChildren(...documents.slice(0, limit).map((index) => this.#document(index, this.corpus.rows[index])));
    const rest = documents.length - limit;
    if (!documents.length) list.append(Panel.#make("li", "No document found", { className: "note" }));
    if (rest <= 0) return;
    const more = Panel.#make("button", `${count.format(rest)} more`, { type: "button", className: "note" });
    more.addEventListener("click", () => this.#fill(list, documents, limit + SHOWN));
    list.append(Panel.#make("li", ""));
    list.lastChild.append(more);
  }

  /** Bring the lit topic, or the chosen document, to where it is seen. */
  reveal(row) {
    this.items[row].scrollIntoView({ block: "nearest" });
    const lists = this.find("#lists"), top = this.items[row].offsetTop - lists.offsetTop - 34;
    if (top < lists.scrollTop || top > lists.scrollTop + lists.clientHeight / 2) lists.scrollTop = top;
  }
}
