/** The slider beneath the map: two handles between which documents are shown. */
class Timeline {
  constructor(page) {
    const { times } = page.data;
    Object.assign(this, { page, element: find("#timeline"), times });
    this.element.hidden = !times || times.labels.length < 2;
    if (this.element.hidden) return;
    this.all = page.data.counts("times", page.data.rows.keys());
    this.handles = [find("#time-from"), find("#time-to")];
    this.element.style.setProperty("--bins", times.labels.length);
    for (const handle of this.handles) {
      handle.max = times.labels.length - 1;
      handle.addEventListener("input", () => this.#move(handle));
    }
  }

  /** A handle stops at the other. */
  #move(moved) {
    const [from, to] = this.handles.map((handle) => Number(handle.value));
    if (from > to) moved.value = moved === this.handles[0] ? to : from;
    this.page.showPeriod(this.handles.map((handle) => Number(handle.value)));
  }

  show({ period, selectedTopic }) {
    if (this.element.hidden) return;
    const key = `${period} ${selectedTopic}`;
    if (key === this.shown) return;
    this.shown = key;
    const { labels } = this.times, [first, last] = period ?? [0, labels.length - 1];
    const { data } = this.page;
    const counts = selectedTopic === null ? this.all : data.counts("times", data.documentsOf(selectedTopic));
    find("#histogram").replaceChildren(columns(labels, counts, { period: [first, last], height: 34 }));
    [first, last].forEach((bin, end) => {
      this.handles[end].value = bin;
      this.handles[end].setAttribute("aria-valuetext", labels[bin]);
    });
    const above = first === last && 2 * first >= labels.length; // of two in one place that which can move away
    this.handles[0].style.setProperty("z-index", above ? 1 : 0);
    const shown = counts.slice(first, last + 1).reduce((sum, count) => sum + count, 0);
    const range = first === last ? labels[first] : `${labels[first]} – ${labels[last]}`;
    find("#timeline output").textContent = `${range} · ${plural(shown, "document")}`;
    find("#timeline button").hidden = !period;
  }
}
