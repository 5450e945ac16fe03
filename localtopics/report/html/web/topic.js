/** The page of one topic, or of a branch: names, words, documents, neighbours, over time and by group. */
const LISTED_IN_TOPIC = 8; // documents listed at first

class TopicPage {
  constructor(page) {
    Object.assign(this, { page, element: find("#topic"), shown: null });
    page.theme.addEventListener("change", () => {
      this.shown = null;
      this.show(page.state);
    });
  }

  show({ place, selectedTopic, selectedDocument, period }) {
    const open = place === "topic" && selectedTopic !== null;
    const opened = open && this.element.hidden, hadFocus = find("#panel").contains(document.activeElement);
    this.element.hidden = !open;
    if (!open) {
      this.shown = null;
      return;
    }
    const key = `${selectedTopic} ${period}`;
    if (key !== this.shown) {
      const sameTopic = this.shown?.split(" ")[0] === String(selectedTopic);
      this.shown = key;
      this.#build(selectedTopic);
      if (!sameTopic) this.element.scrollTop = 0;
      if ((opened || !sameTopic) && hadFocus) this.element.querySelector("h2").focus({ preventScroll: true });
    }
    this.list.mark(selectedDocument);
    this.editor.show(this.page.state);
  }

  #build(row) {
    const { page } = this, { data } = page, topic = data.topics[row];
    const all = data.documentsOf(row), documents = all.filter((index) => page.isInPeriod(index));
    const list = make("ul", "", { className: "documents" });
    const downloads = make("div", "", { className: "downloads" });
    const { period } = page.state;
    this.editor = new TopicEditor(page, row);
    const parts = [
      make("nav", "", { className: "path" }, makeButton(this.#origin, () => page.clearSelection(), { className: "back" }),
        ...data.above(row).map((above) => this.#link(above))),
      this.#title(topic),
      make("p", TopicPage.#facts(topic, documents, all), { className: "facts" }),
      ...(topic.note ? [make("p", topic.note, { className: "remark", dir: "auto" })] : []),
      this.editor.element,
      ...this.#words(topic),
      ...(data.children[row].length ? [this.#links("Topics within", data.children[row])] : []),
      make("figure", "", {}, make("h3", "", {}, make("span", "Documents, the most typical first"), downloads), list),
      ...(topic.nearest?.length ? [this.#links("Nearest topics", topic.nearest)] : []),
      ...(data.times ? [overTime(data, all, topic.change, period)] : []),
      ...(data.groups ? [byGroup(data, documents, page.coloring, page.theme)] : []),
    ];
    this.element.replaceChildren(...parts);
    const name = () => (row ? `topic ${topic.topic}` : "outliers");
    this.list = new DocumentList(page, list, downloads, name, false); // the whole is merged
    this.list.fill(documents, LISTED_IN_TOPIC);
  }

  /** Where one comes from and goes back to. */
  get #origin() {
    const { chosen, query } = this.page.state;
    return chosen ? "Back to the chosen documents" : query ? "Back to the search" : "All topics";
  }

  #title(topic) {
    const dot = topic.level ? [] : [make("i")]; // a branch has no colour of its own
    const heading = make("h2", "", { tabIndex: -1 }, ...dot, make("span", topic.label, { dir: "auto" }));
    heading.style.setProperty("--dot-color", this.page.theme.dotColors[this.page.data.topics.indexOf(topic)]);
    return heading;
  }

  static #facts(topic, documents, all) {
    const count = documents.length < all.length ? `${number.format(documents.length)} of ` : "";
    const facts = [topic.topic < 0 ? "belong to no topic" : `Topic ${topic.topic}`, count + plural(all.length, "document")];
    if (typeof topic.fidelity === "number") facts.push(`fidelity ${topic.fidelity.toFixed(2)}`);
    return facts.join(" · ");
  }

  #words(topic) {
    const aspects = [["Keywords", topic.keywords], ["KeyBERT", topic.keybert], ["MMR", topic.mmr]];
    const found = aspects.filter(([, words]) => words.length);
    if (!found.length) return [];
    const list = make("dl");
    for (const [name, words] of found) list.append(make("dt", name), make("dd", words.join(", "), { dir: "auto" }));
    return [list];
  }

  #links(title, rows) {
    const { topics } = this.page.data;
    const table = () => [["topic", "label", "documents"],
      rows.map((row) => [topics[row].topic, topics[row].label, topics[row].size])];
    return figure(title, table, make("ul", "", { className: "links" }, ...rows.map((row) =>
      make("li", "", {}, this.#link(row), make("data", number.format(topics[row].size))))));
  }

  #link(row) {
    const button = makeButton("", () => this.page.selectTopic(row));
    button.append(make("i"), make("span", this.page.data.topics[row].label, { dir: "auto" }));
    button.style.setProperty("--dot-color", this.page.theme.dotColors[row]);
    return button;
  }
}
