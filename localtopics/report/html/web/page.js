/** The page's state (what is selected, searched for, hovered) and every way of changing it. */
class Page {
  constructor(json) {
    this.data = new MapData(json);
    this.state = {
      selectedTopic: null, // its row, or null
      selectedDocument: -1,
      hovered: -1, // the document under the pointer
      query: "",
      matches: null, // for each document 1 where it matches the query, or null without a query
      matchingTopics: null, // the rows of topics that match it, or null where none does
      outliersShown: true,
    };
    const theme = new Theme(this.data.topics);
    this.view = new MapView(this.data, theme, this.state);
    this.panel = new Panel(this.data, theme, this);
    this.panel.show(this.state);
    new InputController(this);
  }

  /** Select a topic and fly to it; asked again, clear the selection. */
  selectTopic(row) {
    if (this.state.selectedTopic === row) return this.clearSelection();
    const outliersShown = this.state.outliersShown || row === 0;
    this.#change({ selectedTopic: row, selectedDocument: -1, outliersShown });
    if (row > 0) this.view.showTopic(row);
    if (!this.state.query) this.panel.reveal(row);
  }

  /** Select a document and its topic, and fly there if asked; asked again, clear the selection. */
  selectDocument(index, { fly = true } = {}) {
    if (this.state.selectedDocument === index) return this.clearSelection();
    const row = this.data.rows[index];
    const outliersShown = this.state.outliersShown || row === 0;
    this.#change({ selectedTopic: row, selectedDocument: index, outliersShown });
    if (fly) this.view.showDocument(index);
    if (!this.state.query) this.panel.reveal(row); // what was found stays where it is
  }

  /** Select nothing; where nothing is selected, end the search. */
  clearSelection() {
    if (this.state.selectedTopic === null && this.state.query) return this.clearSearch();
    this.#change({ selectedTopic: null, selectedDocument: -1 });
  }

  search(query) {
    const { data } = this;
    const matches = query ? data.matches(query) : null;
    this.view.dots.setMatches(matches?.includes(1) ? matches : null);
    const topics = new Set([...data.topics.keys()].filter((row) => row && data.topicMatches(row, query)));
    this.#change({ query, matches, matchingTopics: query && topics.size ? topics : null });
  }

  clearSearch() {
    this.panel.emptySearchField();
    this.search("");
  }

  showOutliers(shown) {
    const selectedTopic = !shown && this.state.selectedTopic === 0 ? null : this.state.selectedTopic;
    this.#change({ outliersShown: shown, selectedTopic });
  }

  /** Show a document's tooltip; -1 for none. */
  hover(index) {
    if (index === this.state.hovered) return;
    this.state.hovered = index;
    this.view.redraw();
  }

  #change(changes) {
    Object.assign(this.state, changes);
    this.panel.show(this.state);
    this.view.redraw();
  }
}
