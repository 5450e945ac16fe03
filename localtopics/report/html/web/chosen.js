/** The list of what a lasso went round: how many documents, of which topics, and the documents. */
const TOPICS_LISTED = 8;

class ChosenPage {
  constructor(page) {
    Object.assign(this, { page, element: find("#chosen"), listed: null });
    const downloads = make("div", "", { className: "downloads" }), list = make("ul", "", { className: "documents" });
    this.heading = make("h2", "", { tabIndex: -1 });
    this.topics = make("div");
    this.element.append(
      make("nav", "", { className: "path" }, makeButton("All topics", () => page.choose(null), { className: "back" })),
      this.heading, this.topics,
      make("figure", "", {}, make("h3", "", {}, make("span", "Documents"), downloads), list),
    );
    this.list = new DocumentList(page, list, downloads, () => "chosen");
  }

  show({ place, chosen, period, selectedDocument }) {
    this.element.hidden = place !== "chosen";
    if (!chosen) this.listed = null;
    if (this.element.hidden) return;
    if (this.listed !== chosen || this.period !== period) {
      Object.assign(this, { listed: chosen, period });
      const documents = [...chosen.keys()].filter((index) => chosen[index] && this.page.isInPeriod(index));
      this.heading.textContent = `${plural(documents.length, "document")} chosen`;
      this.topics.replaceChildren(...this.#topicsOf(documents));
      this.list.fill(documents, MOST_LISTED);
      this.element.scrollTop = 0;
    }
    this.list.mark(selectedDocument);
  }

  #topicsOf(documents) {
    const { data, theme } = this.page, counts = new Map();
    for (const index of documents) counts.set(data.rows[index], (counts.get(data.rows[index]) ?? 0) + 1);
    const order = [...counts].sort((one, other) => other[1] - one[1] || one[0] - other[0]);
    if (!order.length) return [];
    const table = () => [["topic", "label", "documents"],
      order.map(([row, count]) => [data.topics[row].topic, data.topics[row].label, count])];
    const list = make("ul", "", { className: "links" });
    for (const [row, count] of order.slice(0, TOPICS_LISTED)) {
      const button = makeButton("", () => this.page.selectTopic(row));
      button.append(make("i"), make("span", data.topics[row].label, { dir: "auto" }));
      button.style.setProperty("--dot-color", theme.dotColors[row]);
      list.append(make("li", "", {}, button, make("data", number.format(count))));
    }
    const rest = order.length - TOPICS_LISTED;
    return [figure("Their topics", table, list, ...(rest > 0 ? [make("figcaption", `and ${plural(rest, "topic")} more`)] : []))];
  }
}
