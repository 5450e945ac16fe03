/** Lists of documents, each with the buttons that take it away as a file. */
const MOST_LISTED = 200; // documents listed at once

class DocumentList {
  /** `list`: the element that holds the documents; `downloads`: that which holds the buttons; `whole`: whether it may be moved to a topic. */
  constructor(page, list, downloads, name, whole = true) {
    Object.assign(this, { page, list, downloads, whole, documents: [], limit: 0, mover: new Mover(page, []) });
    list.before(this.mover.element);
    const save = (kind) => exportDocuments(page, this.documents, kind, name());
    downloads.replaceChildren(
      makeButton("CSV", () => save("csv"), { title: "Save these documents as a table (CSV)" }),
      makeButton("JSON", () => save("json"), { title: "Save these documents as JSON" }),
    );
    page.theme.addEventListener("change", () => this.recolor());
  }

  /** Show documents, at first so many of them. */
  fill(documents, limit) {
    Object.assign(this, { documents, limit });
    const rest = documents.length - limit;
    this.downloads.hidden = !documents.length;
    this.list.replaceChildren(...documents.slice(0, limit).map((index) => this.#item(index)));
    if (!documents.length) this.list.append(make("li", "No document found", { className: "note" }));
    if (rest > 0) {
      const more = makeButton(`${number.format(rest)} more`, () => {
        this.fill(documents, limit + MOST_LISTED);
        this.list.children[limit].firstChild.focus({ preventScroll: true }); // a key goes on from there
      }, { className: "note" });
      this.list.append(make("li", "", {}, more));
    }
    this.mark(this.page.state.selectedDocument);
  }

  #item(index) {
    const { data } = this.page, facts = data.facts(index);
    const button = makeButton("", () => this.page.selectDocument(index));
    const text = make("span", data.nameOf(index), { dir: "auto" });
    button.append(make("i"), text);
    if (facts.length) button.append(make("small", facts.join(" · "), { dir: "auto" }));
    button.dataset.document = index;
    button.firstChild.style.setProperty("--dot-color", this.page.view.colorOf(index));
    return make("li", "", {}, button);
  }

  get #buttons() { return [...this.list.querySelectorAll("button[data-document]")]; }

  /** Show which document is selected. */
  mark(selected) {
    this.mover.show(this.documents, selected, this.whole);
    for (const button of this.#buttons) {
      const own = Number(button.dataset.document) === selected;
      button.classList.toggle("selected", own);
      button.setAttribute("aria-pressed", own);
    }
  }

  recolor() {
    for (const button of this.#buttons) {
      button.firstChild.style.setProperty("--dot-color", this.page.view.colorOf(Number(button.dataset.document)));
    }
  }
}
