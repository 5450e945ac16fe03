const NO_STRENGTH = 255; // stands for no strength; those from 0 to 1 are told in the steps below
const STRENGTH_STEPS = 254;
const STEPS = 2 ** 20; // of a place from 0 to 1
const NEAR = 5; // topics that are shown as near to a query in meaning

/** Text as search compares it: lower case, without accents. */
function normalizeText(text) {
  const plain = /^[\x00-\x7f]*$/.test(text) ? text : text.normalize("NFD").replace(/\p{M}/gu, "");
  return plain.toLowerCase();
}

/**
 * The documents and topics of the map. A document is known by its index, 0 to `size` - 1, in the order in which lists
 * show documents; a topic by its row in `topics`: row 0 are the outliers, from row `finest` on come the branches.
 * - points: x, y, x, y, … of the documents, within -1 and 1, y upwards; bounds: { x, y }, how far they reach from 0;
 * - rows: the row of each document's topic; members: the documents of each finest topic;
 * - headlines: of each document, "" where the page has none: see `nameOf`; titled: how many it has;
 * - drawingOrder: the documents, the first drawn first;
 * - topics: label, size, keywords, …; of all but the outliers also a place x, y, and of the finest also colours and the
 *   coreRadius of their densest part;
 * - children: the rows within each branch, the largest first; roots: those that no branch holds;
 * - times, groups: { labels, of } or null, `of` each document's place in the labels, past the last for none;
 * - probability, pull: each document's in `STRENGTH_STEPS`, or NO_STRENGTH; null where there are none.
 */
class MapData {
  constructor(json) {
    this.points = new Float32Array(json.points.length);
    json.points.forEach((step, i) => { this.points[i] = step / STEPS - 1; });
    this.rows = json.rows;
    this.bounds = json.bounds;
    this.title = json.title;
    this.finest = json.topics.length;
    this.topics = [...json.topics.map((topic) => ({ ...topic, level: 0 })), ...json.branches];
    this.size = this.rows.length;
    for (const name of ["ids", "times", "groups", "probability", "pull", "groupColors", "titled"]) this[name] = json[name];
    this.words = new Map(Object.entries(json.words).map(([word, rows]) => [normalizeText(word), rows]));
    this.members = this.topics.slice(0, this.finest).map(() => []);
    this.rows.forEach((row, index) => this.members[row].push(index));
    this.headlines = new Array(this.size);
    let next = 0; // they come topic after topic
    for (const own of this.members) for (const index of own) this.headlines[index] = json.headlines[next++];
    this.children = this.topics.map(() => []);
    this.topics.forEach((topic, row) => {
      topic.searchText = normalizeText(`${topic.label} ${topic.keywords.join(" ")}`);
      if (topic.parent !== undefined) this.children[topic.parent].push(row);
    });
    this.roots = [...this.topics.keys()].filter((row) => row && this.topics[row].parent === undefined);
    const largestFirst = (one, other) => this.topics[other].size - this.topics[one].size || one - other;
    for (const rows of [this.roots, ...this.children]) rows.sort(largestFirst);
    this.families = new Map();
  }

  /** What stands for a document: its headline, or its id where the page has none. */
  nameOf(index) { return this.headlines[index] || `Document ${this.ids[index]}`; }

  /** A document's x and y. */
  place(index) { return [this.points[2 * index], this.points[2 * index + 1]]; }

  /** A document's group and time, those that it has. */
  facts(index) {
    return [this.groups, this.times].map((column) => column?.labels[column.of[index]]).filter(Boolean);
  }

  /** A document's strength between 0 and 1, or null. */
  strength(kind, index) { return this[kind][index] === NO_STRENGTH ? null : this[kind][index] / STRENGTH_STEPS; }

  /** The row of the topic of this number, or null. */
  rowOf(topic) {
    const row = this.topics.findIndex((other) => other.topic === topic);
    return row < 0 || !this.topics[row].size ? null : row;
  }

  /** The rows of a topic and of all that lies within it, as a set. */
  family(row) {
    if (!this.families.has(row)) {
      this.families.set(row, new Set([row, ...this.children[row].flatMap((child) => [...this.family(child)])]));
    }
    return this.families.get(row);
  }

  /** The rows of the branches that hold a topic, the coarsest first. */
  above(row) {
    const { parent } = this.topics[row];
    return parent === undefined ? [] : [...this.above(parent), parent];
  }

  /** The documents of a topic or branch, in the order in which lists show them. */
  documentsOf(row) {
    if (row < this.finest) return this.members[row];
    const family = this.family(row);
    return [...this.rows.keys()].filter((index) => family.has(this.rows[index]));
  }

  get drawingOrder() { return (this.shuffled ??= this.#shuffled()); }

  /** The order of drawing: outliers beneath; within both parts at random, so that no topic covers another. */
  #shuffled() {
    const outliers = this.members[0], order = new Uint32Array(this.size);
    order.set(outliers);
    let next = outliers.length;
    for (let index = 0; index < this.size; index++) if (this.rows[index]) order[next++] = index;
    let state = 1;
    const random = (below) => (state = (Math.imul(state, 1664525) + 1013904223) >>> 0) % below;
    for (const [start, end] of [[0, outliers.length], [outliers.length, this.size]]) {
      for (let i = end - 1; i > start; i--) {
        const j = start + random(i - start + 1);
        [order[i], order[j]] = [order[j], order[i]];
      }
    }
    return order;
  }

  /** Which documents' headlines hold every word of the query: 1 or 0 for each. */
  matches(query) {
    this.searchTexts ??= this.headlines.map(normalizeText);
    const words = normalizeText(query).split(/\s+/).filter(Boolean);
    return Uint8Array.from(this.searchTexts, (headline) => words.every((word) => headline.includes(word)));
  }

  /** Whether a topic's name and keywords together hold every word of the query. */
  topicMatches(row, query) {
    return normalizeText(query).split(/\s+/).every((word) => this.topics[row].searchText.includes(word));
  }

  /** The rows of the topics whose meaning is nearest to the words of a query, by the table that Python made. */
  nearTopics(query) {
    const words = normalizeText(query).split(/\s+/).filter((word) => this.words.has(word));
    const votes = new Map();
    for (const word of words) {
      this.words.get(word).forEach((row, rank) => votes.set(row, (votes.get(row) ?? 0) + 1 / (rank + 1)));
    }
    return [...votes].sort((one, other) => other[1] - one[1] || one[0] - other[0]).map(([row]) => row).slice(0, NEAR);
  }

  /** How many of these documents have each label of a column ("times", "groups"), and last none. */
  counts(column, documents) {
    const counts = new Uint32Array(this[column].labels.length + 1);
    for (const index of documents) counts[this[column].of[index]]++;
    return counts;
  }

  /** The rectangle that holds nine tenths of a topic's documents each way, so that strays do not blow it up. */
  extent(row) {
    const documents = this.documentsOf(row);
    const side = (axis) => {
      const values = Float32Array.from(documents, (index) => this.points[2 * index + axis]).sort();
      const cut = Math.floor(values.length / 20);
      return [values[cut], values[values.length - 1 - cut]];
    };
    return { x: side(0), y: side(1) };
  }
}
