/** The lists beside the map. It shows the page's state and passes on what was asked for; it decides nothing itself. */
const MOST_LISTED = 200; // documents listed at once
const LISTED_IN_TOPIC = 25; // documents listed at first when a topic is selected
const SEARCH_DELAY = 90; // milliseconds after the last letter
const number = new Intl.NumberFormat("en");

class Panel {
  constructor(data, theme, page) {
    Object.assign(this, { data, theme, page });
    this.find = (selector) => document.querySelector(selector);
    const topics = data.topics.length - 1, outliers = data.topics[0].size;
    const plural = Panel.#plural;
    this.find("#summary").textContent = `${plural(data.size, "document")} · ${plural(topics, "topic")}`;
    this.find("#outliers span").textContent = `${number.format(outliers)} outlier${outliers === 1 ? "" : "s"}`;
    this.find("#outliers").hidden = !outliers;
    this.items = data.topics.map((topic, row) => this.#item(topic, row));
    this.find("#topics").append(...this.items.slice(1), ...(outliers ? [this.items[0]] : []));
    this.#listen();
    this.#setColors();
    theme.addEventListener("change", () => this.#setColors());
  }

  static #plural(count, noun) { return `${number.format(count)} ${noun}${count === 1 ? "" : "s"}`; }

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
      Panel.#make("data", number.format(topic.size), { value: topic.size }),
      Panel.#make("small", topic.keywords.join(", "), { dir: "auto" }),
    );
    button.addEventListener("click", () => this.page.selectTopic(row));
    item.append(button);
    return item;
  }

  #document(index, row) {
    const item = document.createElement("li");
    const button = Panel.#make("button", "", { type: "button" });
    const dot = document.createElement("i");
    dot.style.setProperty("--dot-color", this.theme.dotColors[row]);
    button.append(dot, Panel.#make("span", this.data.headlines[index], { dir: "auto" }));
    button.dataset.document = index;
    button.addEventListener("click", () => this.page.selectDocument(index));
    item.append(button);
    return item;
  }

  #listen() {
    const search = this.find("#search input");
    search.addEventListener("input", () => {
      clearTimeout(this.searchTimer);
      this.searchTimer = setTimeout(() => this.page.search(search.value.trim()), SEARCH_DELAY);
    });
    this.find("#outliers input").addEventListener("change", (event) => this.page.showOutliers(event.target.checked));
    search.addEventListener("focus", () => this.#showLists(true));
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

  /** On a small screen: show the lists, or leave the room to the map. */
  toggleLists() { this.#showLists(document.body.classList.contains("collapsed")); }

  #showLists(shown) {
    document.body.classList.toggle("collapsed", !shown);
    this.find("#toggle-lists").setAttribute("aria-expanded", shown);
  }

  #setColors() {
    const colors = this.theme.dotColors;
    this.items.forEach((item, row) => item.style.setProperty("--dot-color", colors[row]));
    for (const dot of document.querySelectorAll(".documents i")) {
      const row = this.data.rows[dot.parentElement.dataset.document];
      dot.style.setProperty("--dot-color", colors[row]);
    }
  }

  focusSearch() {
    this.find("#search input").focus();
    this.find("#search input").select();
  }

  emptySearchField() { this.find("#search input").value = ""; }

  show({ selectedTopic, selectedDocument, query, matches, matchingTopics, outliersShown }) {
    this.items.forEach((item, row) => {
      item.hidden = query !== "" && row !== selectedTopic && !matchingTopics?.has(row);
      item.classList.toggle("selected", row === selectedTopic);
      item.firstChild.setAttribute("aria-pressed", row === selectedTopic);
      if (row !== selectedTopic || query) item.querySelector("ul")?.remove();
    });
    this.find("#clear-search").hidden = !query;
    this.find("#topics-title b").textContent = query ? number.format(matchingTopics?.size ?? 0) : "";
    this.find("#outliers input").checked = outliersShown;
    if (selectedTopic !== null && !query) this.#listInTopic(selectedTopic);
    this.#listFound(query, matches);
    for (const button of document.querySelectorAll(".documents button")) {
      button.classList.toggle("selected", Number(button.dataset.document) === selectedDocument);
    }
  }

  #listInTopic(row) {
    const item = this.items[row];
    if (item.querySelector("ul")) return;
    const list = Panel.#make("ul", "", { className: "documents" });
    item.append(list);
    this.#fill(list, this.data.members[row], LISTED_IN_TOPIC);
  }

  #listFound(query, matches) {
    if (this.listedQuery === query) return; // the list keeps its place and focus
    this.listedQuery = query;
    if (query) this.find("#lists").scrollTop = 0; // the first that is found is seen
    const heading = this.find("#documents-title"), list = this.find("#documents");
    heading.hidden = list.hidden = !query;
    const found = [];
    if (query) matches.forEach((hit, index) => hit && found.push(index));
    heading.querySelector("b").textContent = number.format(found.length);
    this.#fill(list, found, MOST_LISTED);
  }

  #fill(list, documents, limit) {
    list.replaceChildren(...documents.slice(0, limit).map((index) => this.#document(index, this.data.rows[index])));
    const rest = documents.length - limit;
    if (!documents.length) list.append(Panel.#make("li", "No document found", { className: "note" }));
    if (rest <= 0) return;
    const more = Panel.#make("button", `${number.format(rest)} more`, { type: "button", className: "note" });
    more.addEventListener("click", () => this.#fill(list, documents, limit + MOST_LISTED));
    list.append(Panel.#make("li", ""));
    list.lastChild.append(more);
  }

  /** Scroll to a topic. */
  reveal(row) {
    this.items[row].scrollIntoView({ block: "nearest" });
    const lists = this.find("#lists"), top = this.items[row].offsetTop - lists.offsetTop - 34;
    if (top < lists.scrollTop || top > lists.scrollTop + lists.clientHeight / 2) lists.scrollTop = top;
  }
}
