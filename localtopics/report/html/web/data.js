"use strict";

/** The numbers in a base64 string as a typed array (little-endian, as every browser's machine is). */
function unpack(base64, Type) {
  const text = atob(base64);
  const bytes = new Uint8Array(text.length);
  for (let i = 0; i < text.length; i++) bytes[i] = text.charCodeAt(i);
  return new Type(bytes.buffer);
}

/** Text as search compares it: lower case, without accents. */
function normalizeText(text) {
  const plain = /^[\x00-\x7f]*$/.test(text) ? text : text.normalize("NFD").replace(/\p{M}/gu, "");
  return plain.toLowerCase();
}

/**
 * The documents and topics of the map. A document is known by its index, 0 to `size` - 1; a topic by its row in
 * `topics`, of which row 0 are the outliers.
 * - points: x, y, x, y, … of the documents, within -1 and 1, y upwards; bounds: { x, y }, how far they reach from 0;
 * - rows: the row of each document's topic; members: each topic's documents, in the order in which lists show them;
 * - drawingOrder: the documents, the first drawn first;
 * - topics: label, size, keywords and colours; of all but the outliers also the middle x, y of their densest part and
 *   its coreRadius.
 */
class MapData {
  constructor(json) {
    this.points = unpack(json.points, Float32Array);
    this.rows = unpack(json.rows, Uint32Array);
    this.bounds = json.bounds;
    this.topics = json.topics;
    this.headlines = json.headlines;
    this.size = this.rows.length;
    this.members = this.topics.map(() => []);
    this.rows.forEach((row, index) => this.members[row].push(index));
    this.drawingOrder = this.#shuffled();
    this.topics.forEach((topic) => { topic.searchText = normalizeText(`${topic.label} ${topic.keywords.join(" ")}`); });
  }

  /** A document's x and y. */
  place(index) { return [this.points[2 * index], this.points[2 * index + 1]]; }

  /** The order of drawing: outliers beneath; within both parts at random, so that no topic covers another. */
  #shuffled() {
    const outliers = this.members[0], order = new Uint32Array(this.size);
    order.set(outliers);
    order.set([...this.rows.keys()].filter((index) => this.rows[index]), outliers.length);
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

  /** The rectangle that holds nine tenths of a topic's documents each way, so that strays do not blow it up. */
  extent(row) {
    const side = (axis) => {
      const values = Float32Array.from(this.members[row], (index) => this.points[2 * index + axis]).sort();
      const cut = Math.floor(values.length / 20);
      return [values[cut], values[values.length - 1 - cut]];
    };
    return { x: side(0), y: side(1) };
  }
}
