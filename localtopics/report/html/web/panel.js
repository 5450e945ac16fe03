/** The lists beside the map. It shows the page's state and passes on what was asked for; it decides nothing itself. */
const SEARCH_DELAY = 90; // milliseconds after the last letter

class Panel {
  constructor(page) {
    const { data, theme } = page;
    Object.assign(this, { data, theme, page });
    const topics = data.finest - 1, outliers = data.topics[0].size;
    find("#summary").textContent = `${plural(data.size, "document")} · ${plural(topics, "topic")}`;
    find("#titled").hidden = data.titled === data.size;
    find("#titled b").textContent = `${number.format(data.titled)} of ${plural(data.size, "document")}`;
    find("#outliers span").textContent = plural(outliers, "outlier");
    find("#outliers").hidden = !outliers;
    this.items = data.topics.map((topic, row) => this.#item(topic, row));
    const branches = this.items.slice(data.finest); // seen only where a search finds them
    find("#topics").append(...branches, ...this.items.slice(1, data.finest), ...(outliers ? [this.items[0]] : []));
    find("#topics-title").append(copyButton("Topics", () => this.#table()));
    this.found = new DocumentList(page, find("#documents"), find("#documents-title .downloads"), () => page.state.query);
    this.tree = new Tree(page, find("#tree"));
    this.treeShown = data.topics.length > data.finest;
    find("#toggle-tree").hidden = !this.treeShown;
    this.#listen();
    this.#setColors();
    theme.addEventListener("change", () => this.#setColors());
  }

  #item(topic, row) {
    const button = makeButton("", () => this.page.selectTopic(row));
    button.append(
      make("i"),
      make("strong", topic.label, { dir: "auto" }),
      make("data", number.format(topic.size), { value: topic.size }),
      make("small", row ? topic.keywords.join(", ") : "documents that belong to no topic", { dir: "auto" }),
    );
    return make("li", "", { className: "topic" }, button);
  }

  /** All topics, to copy. */
  #table() {
    const rows = this.data.topics.filter((topic) => topic.size).map((topic) => [
      topic.topic, topic.label, topic.size, topic.fidelity ?? null, topic.keywords.join(", "),
      topic.parent === undefined ? null : this.data.topics[topic.parent].topic]);
    return [["topic", "label", "documents", "fidelity", "keywords", "within"], rows];
  }

  #listen() {
    const search = find("#search input");
    search.addEventListener("input", () => {
      clearTimeout(this.searchTimer);
      this.searchTimer = setTimeout(() => this.page.search(search.value.trim()), SEARCH_DELAY);
    });
    find("#outliers input").addEventListener("change", (event) => this.page.showOutliers(event.target.checked));
    search.addEventListener("focus", () => this.#showLists(true));
    find("#panel").addEventListener("keydown", (event) => {
      const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
      if (!step && event.key !== "Home" && event.key !== "End") return;
      const buttons = [...find("#panel").querySelectorAll("li button")].filter((b) => b.offsetParent);
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
    find("#toggle-lists").setAttribute("aria-expanded", shown);
  }

  /** Show the topics as a tree, or one below the other. */
  toggleTree() {
    this.treeShown = !this.treeShown;
    this.show(this.page.state);
  }

  #setColors() {
    this.items.forEach((item, row) => item.style.setProperty("--dot-color", this.theme.dotColors[row]));
  }

  focusSearch() {
    find("#search input").focus();
    find("#search input").select();
  }

  fillSearchField(query) { find("#search input").value = query; }
  emptySearchField() { this.fillSearchField(""); }

  show({ place, selectedTopic, selectedDocument, query, matches, matchingTopics, nearTopics, outliersShown, colorBy, period }) {
    const asTree = this.treeShown && !query, { data } = this, returning = this.place === "topic" && place === "lists";
    const hadFocus = find("#topic").contains(document.activeElement) || document.activeElement === document.body;
    find("#lists").hidden = place !== "lists";
    find("#tree").hidden = !asTree;
    find("#toggle-tree").setAttribute("aria-pressed", this.treeShown);
    this.items.forEach((item, row) => {
      const listed = query ? matchingTopics?.has(row) || nearTopics.includes(row) : row < data.finest && !(asTree && row);
      item.hidden = !listed;
      item.classList.toggle("near", query !== "" && nearTopics.includes(row));
    });
    find("#clear-search").hidden = !query;
    find("#topics-title b").textContent = query ? number.format(matchingTopics?.size ?? 0) : "";
    find("#outliers input").checked = outliersShown;
    if (this.treeShown) this.tree.show(selectedTopic);
    if (period !== this.period) this.#count(period);
    this.#listFound(query, matches, colorBy, period);
    this.found.mark(selectedDocument);
    if (returning && hadFocus) this.#focusTopic(this.selectedTopic, asTree);
    Object.assign(this, { place, selectedTopic, period });
  }

  /** Who comes back from a topic's page goes on in the list where it stands. */
  #focusTopic(row, asTree) {
    const target = asTree && row ? this.tree.items.get(row) : this.items[row].firstChild;
    target?.focus({ preventScroll: true });
    target?.scrollIntoView({ block: "nearest" });
  }

  /** Show how many documents each topic has in the time that is shown. */
  #count(period) {
    const { data } = this, counts = new Uint32Array(data.topics.length);
    data.rows.forEach((row, index) => { counts[row] += this.page.isInPeriod(index); });
    this.items.forEach((item, row) => {
      const size = !period ? data.topics[row].size
        : [...data.family(row)].reduce((sum, within) => sum + counts[within], 0);
      item.querySelector("data").textContent = number.format(size);
    });
  }

  #listFound(query, matches, colorBy, period) {
    const key = JSON.stringify([query, period]);
    if (this.listed === key) { // the list keeps its place and focus
      if (colorBy !== this.colorBy) this.found.recolor();
      this.colorBy = colorBy;
      return;
    }
    this.listed = key;
    if (query) find("#lists").scrollTop = 0; // the first that is found is seen
    const heading = find("#documents-title");
    heading.hidden = find("#documents").hidden = !query;
    const found = [];
    if (query) matches.forEach((hit, index) => hit && this.page.isInPeriod(index) && found.push(index));
    heading.querySelector("b").textContent = number.format(found.length);
    this.found.fill(found, MOST_LISTED);
  }
}
