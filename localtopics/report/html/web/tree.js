/** The topics as a tree that folds: branches and what lies within them (WAI-ARIA's pattern for trees). */
class Tree {
  constructor(page, element) {
    Object.assign(this, { page, element, items: new Map() });
    const { roots } = page.data;
    element.append(...roots.map((row) => this.#item(row, 1)));
    if (roots.length) this.#tabStop(roots[0]);
    element.addEventListener("keydown", (event) => this.#key(event));
    element.addEventListener("click", (event) => this.#click(event));
    page.theme.addEventListener("change", () => this.#recolor());
    this.#recolor();
  }

  #item(row, level) {
    const { data } = this.page, topic = data.topics[row], folds = data.children[row].length > 0;
    const item = make("li", "", { tabIndex: -1, role: "treeitem", ariaLevel: level, ariaSelected: "false" });
    item.dataset.row = row;
    item.ariaLabel = `${topic.label}, ${plural(topic.size, "document")}`;
    const line = make("div", "", {}, make("b", "", { ariaHidden: "true" }), ...(folds ? [] : [make("i")]),
      make("span", topic.label, { dir: "auto" }), make("data", number.format(topic.size), { value: topic.size }));
    line.style.setProperty("--level", level);
    item.append(line);
    if (folds) item.ariaExpanded = "false";
    this.items.set(row, item);
    return item;
  }

  #recolor() {
    for (const [row, item] of this.items) item.firstChild.style.setProperty("--dot-color", this.page.theme.dotColors[row]);
  }

  /** Open or fold a branch; what lies within it is made when it first opens. */
  fold(row, folded) {
    const item = this.items.get(row), within = this.page.data.children[row];
    if (!within.length) return;
    if (!folded && !item.querySelector("ul")) {
      const level = Number(item.ariaLevel) + 1;
      item.append(make("ul", "", { role: "group" }, ...within.map((child) => this.#item(child, level))));
      this.#recolor();
    }
    item.ariaExpanded = String(!folded);
  }

  /** Show which topic is selected, and open what holds it. */
  show(selected) {
    for (const item of this.element.querySelectorAll("[aria-selected=true]")) item.ariaSelected = "false";
    if (!selected) return;
    for (const row of this.page.data.above(selected)) this.fold(row, false);
    this.items.get(selected).ariaSelected = "true";
    this.#tabStop(selected);
  }

  #tabStop(row) {
    this.element.querySelector("[tabindex='0']")?.setAttribute("tabindex", -1);
    this.items.get(row).tabIndex = 0;
  }

  #click(event) {
    const item = event.target.closest("[role=treeitem]");
    if (!item) return;
    const row = Number(item.dataset.row);
    if (event.target.closest("b")) this.fold(row, item.ariaExpanded === "true");
    else this.page.selectTopic(row);
  }

  #key(event) {
    const item = event.target.closest("[role=treeitem]");
    if (!item || event.ctrlKey || event.metaKey || event.altKey) return;
    const row = Number(item.dataset.row), open = item.ariaExpanded === "true";
    const seen = [...this.element.querySelectorAll("[role=treeitem]")].filter((other) => other.offsetParent);
    const at = seen.indexOf(item);
    const moves = {
      ArrowDown: () => seen[at + 1],
      ArrowUp: () => seen[at - 1],
      Home: () => seen[0],
      End: () => seen.at(-1),
      ArrowRight: () => (open ? seen[at + 1] : this.fold(row, false)),
      ArrowLeft: () => (open ? this.fold(row, true) : item.parentElement.closest("[role=treeitem]")),
      Enter: () => this.page.selectTopic(row),
      " ": () => this.page.selectTopic(row),
    };
    if (!moves[event.key]) return;
    event.preventDefault();
    event.stopPropagation();
    const next = moves[event.key]();
    if (!next) return;
    this.#tabStop(Number(next.dataset.row));
    next.focus();
  }
}
