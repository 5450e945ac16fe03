/** The address: `#topic=7` and the like lead to what is seen, and the browser's buttons go back and forth. */
class Link {
  constructor(page) {
    this.page = page;
    this.following = true; // what the address says is read before anything is written into it
    addEventListener("popstate", () => this.follow());
    addEventListener("hashchange", () => this.follow());
  }

  /** Write what is seen into the address; another topic is a step in the browser's history. */
  show(state) {
    const { data } = this.page, link = new URLSearchParams();
    const open = state.selectedTopic !== null && state.place === "topic" ? data.topics[state.selectedTopic] : null;
    document.title = open ? `${open.label} · ${data.title}` : data.title;
    if (this.following) return;
    if (open) link.set("topic", open.topic);
    if (state.selectedDocument >= 0) link.set("document", data.ids[state.selectedDocument]);
    if (state.colorBy !== "topic") link.set("color", state.colorBy);
    if (state.period) link.set("time", state.period.join("-"));
    if (state.query) link.set("search", state.query);
    const hash = String(link) && `#${link}`;
    if (hash === location.hash) return;
    const step = link.get("topic") !== new URLSearchParams(location.hash.slice(1)).get("topic");
    try {
      history[step ? "pushState" : "replaceState"](null, "", hash || location.pathname + location.search);
    } catch { /* in a frame that may not change its address the page works without */ }
  }

  /** Show what the address says; what it says wrong is left out. */
  follow() {
    const link = new URLSearchParams(location.hash.slice(1)), { page } = this, { data, state } = page;
    const row = link.has("topic") ? data.rowOf(Number(link.get("topic"))) : null;
    const index = link.has("document") ? [...data.ids].findIndex((id) => String(id) === link.get("document")) : -1;
    const period = /^(\d+)-(\d+)$/.exec(link.get("time") ?? "")?.slice(1).map(Number);
    this.following = true;
    page.colorBy(link.get("color") ?? "topic");
    page.showPeriod(period && period[0] <= period[1] && period[1] < (data.times?.labels.length ?? 0) ? period : null);
    const query = link.get("search") ?? "";
    if (query !== state.query) {
      page.panel.fillSearchField(query);
      page.search(query);
    }
    if (row === null || row !== state.selectedTopic || state.place !== "topic") {
      page.change({ selectedTopic: null, selectedDocument: -1, place: state.chosen ? "chosen" : "lists" });
      if (row !== null) page.selectTopic(row);
    }
    if (index >= 0 && index !== state.selectedDocument) page.selectDocument(index);
    this.following = false;
    this.show(state);
  }
}
