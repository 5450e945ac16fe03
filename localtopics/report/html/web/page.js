/** The page's state (what is selected, searched for, hovered, chosen) and every way of changing it. */
class Page {
  constructor(json) {
    const data = (this.data = new MapData(json));
    this.state = {
      selectedTopic: null, // its row, or null
      selectedDocument: -1,
      hovered: -1, // the document under the pointer
      query: "",
      matches: null, // for each document 1 where it matches the query, or null without a query
      matchingTopics: null, // the rows of topics that match it, or null where none does
      nearTopics: [], // the rows of topics that are near to it in meaning, the nearest first
      outliersShown: true,
      colorBy: "topic", // one of the ways of coloring.js
      period: null, // the first and the last bin of time that are shown, or null for all
      chosen: null, // for each document 1 where a lasso went round it, or null without one
      presence: new Uint8Array(data.size).fill(PRESENT), // of each document, as dots.js has it
      emphasis: false, // whether some are paler than others
      changes: [], // of topics, noted and not done: see edits.js
      savedChanges: null, // those that were downloaded last
      place: "lists", // what the panel shows: "lists", "topic" or "chosen"
    };
    const theme = (this.theme = new Theme(data.topics));
    this.coloring = new Coloring(data);
    const over = [new Legend(this), new Timeline(this)]; // before the map, which leaves them room
    this.view = new MapView(data, theme, this.coloring, this.state);
    this.panel = new Panel(this);
    this.link = new Link(this);
    this.parts = [...over, this.panel, new TopicPage(this), new ChosenPage(this),
      new ChangesList(this), this.link];
    this.change({});
    this.input = new InputController(this);
    new Paper(this);
    this.link.follow();
  }

  /** Select a topic and fly to it; asked again, clear the selection. */
  selectTopic(row) {
    if (this.state.selectedTopic === row && this.state.place === "topic") return this.clearSelection();
    const outliersShown = this.state.outliersShown || row === 0;
    this.change({ selectedTopic: row, selectedDocument: -1, outliersShown, place: "topic" });
    if (row > 0) this.view.showTopic(row);
    const { label, size } = this.data.topics[row];
    announce(`${label}, ${plural(size, "document")}`);
  }

  /** Select a document and its topic, and fly there if asked; asked again, clear the selection. */
  selectDocument(index, { fly = true } = {}) {
    const { state, data } = this;
    if (state.selectedDocument === index) return this.clearSelection();
    const row = data.rows[index], outliersShown = state.outliersShown || row === 0;
    const inTopic = state.place === "topic" && state.selectedTopic !== null && data.family(state.selectedTopic).has(row);
    const selectedTopic = inTopic ? state.selectedTopic : row; // who reads a branch's documents stays with it
    const place = state.place === "lists" && !state.query ? "topic" : state.place; // what was found stays
    this.change({ selectedTopic, selectedDocument: index, outliersShown, place });
    if (fly) this.view.showDocument(index);
    announce(`${data.nameOf(index)}. ${data.topics[row].label}`);
  }

  /** Select nothing; where nothing is selected, leave the lasso, and then the search. */
  clearSelection() {
    const { selectedTopic, chosen, query } = this.state;
    if (selectedTopic === null && chosen) return this.choose(null);
    if (selectedTopic === null && query) return this.clearSearch();
    this.change({ selectedTopic: null, selectedDocument: -1, place: chosen ? "chosen" : "lists" });
  }

  search(query) {
    const { data } = this;
    const matches = query ? data.matches(query) : null;
    const topics = new Set([...data.topics.keys()].filter((row) => row && data.topicMatches(row, query)));
    const nearTopics = query ? data.nearTopics(query).filter((row) => !topics.has(row)) : [];
    const matchingTopics = query && topics.size ? topics : null, place = !query && this.state.chosen ? "chosen" : "lists";
    this.change({ query, matches, matchingTopics, nearTopics, selectedTopic: null, selectedDocument: -1, place });
    if (query) {
      const found = matches.reduce((sum, hit) => sum + hit, 0);
      announce(`${plural(topics.size, "topic")} and ${plural(found, "document")} found`);
    }
  }

  clearSearch() {
    this.panel.emptySearchField();
    this.search("");
  }

  showOutliers(shown) {
    const selectedTopic = !shown && this.state.selectedTopic === 0 ? null : this.state.selectedTopic;
    const place = selectedTopic === null && this.state.place === "topic" ? "lists" : this.state.place;
    this.change({ outliersShown: shown, selectedTopic, place });
  }

  colorBy(way) {
    if (!this.coloring.ways.has(way)) return;
    this.change({ colorBy: way });
    this.view.recolor();
  }

  /** Show only documents of some bins of time, from the first to the last; all for null. */
  showPeriod(period) {
    const { times } = this.data;
    const all = !period || !times || (period[0] === 0 && period[1] === times.labels.length - 1);
    this.change({ period: all ? null : period });
  }

  /** Keep these documents, all that a lasso went round; null for none. */
  choose(documents) {
    const chosen = documents && new Uint8Array(this.data.size);
    for (const index of documents ?? []) chosen[index] = 1;
    this.change({ chosen, selectedTopic: null, selectedDocument: -1, place: chosen ? "chosen" : "lists" });
    if (documents) announce(`${plural(documents.length, "document")} chosen`);
  }

  /** Note a change of topics, which the command line will do. */
  noteChange(change) {
    this.change({ changes: [...this.state.changes.filter((before) => !replaces(change, before)), change] });
    announce(`Noted: ${inWords(this.data, change)}`);
  }

  takeBack(change) {
    this.change({ changes: this.state.changes.filter((other) => other !== change) });
    announce(`Taken back: ${inWords(this.data, change)}`);
  }

  /** Show a document's tooltip; -1 for none. */
  hover(index) {
    if (index === this.state.hovered) return;
    this.state.hovered = index;
    this.view.redraw();
  }

  change(changes) {
    const { state } = this;
    const seen = (matches) => (matches?.includes(1) ? matches : null); // where none is found, all stay
    Object.assign(state, changes);
    if ("matches" in changes || "period" in changes || "chosen" in changes) {
      const matches = seen(state.matches), chosen = seen(state.chosen), { period } = state, times = this.data.times?.of;
      state.emphasis = Boolean(matches || chosen);
      state.presence = state.presence.map((_, index) => {
        if (period && (times[index] < period[0] || times[index] > period[1])) return HIDDEN;
        return (matches && !matches[index]) || (chosen && !chosen[index]) ? PALE : PRESENT;
      });
      this.view.dots.set({ presence: state.presence });
    }
    for (const part of this.parts) part.show(state);
    this.view.redraw();
  }

  /** Whether a document is of the time that is shown. */
  isInPeriod(index) { return this.state.presence[index] !== HIDDEN; }
}
