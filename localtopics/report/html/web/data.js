"use strict";

/** The numbers in a base64 string as a typed array (little-endian, as every browser's machine is). */
function unpack(base64, Type) {
  const text = atob(base64);
  const bytes = new Uint8Array(text.length);
  for (let i = 0; i < text.length; i++) bytes[i] = text.charCodeAt(i);
  return new Type(bytes.buffer);
}

/** Text as search compares it: lower case, without accents. */
function fold(text) {
  const plain = /^[\x00-\x7f]*$/.test(text) ? text : text.normalize("NFD").replace(/\p{M}/gu, "");
  return plain.toLowerCase();
}

/**
 * What the map shows. `points` [x, y, x, y, …] within -1 and 1, y upwards; `rows` the topic of each document as an
 * index into `topics`, of which the first are the outliers.
 */
class Corpus {
  constructor(json) {
    this.points = unpack(json.points, Float32Array);
    this.rows = unpack(json.rows, Uint32Array);
    this.topics = json.topics;
    this.headlines = json.headlines;
    this.size = this.rows.length;
    this.members = this.topics.map(() => []);
    this.rows.forEach((row, document) => this.members[row].push(document));
    this.order = this.#shuffled();
    this.topics.forEach((topic) => { topic.folded = fold(`${topic.label} ${topic.keywords.join(" ")}`); });
  }

  /** The order of drawing: outliers beneath; within both parts at random, so that no topic covers another. */
  #shuffled() {
    const outliers = this.members[0], order = new Uint32Array(this.size);
    order.set(outliers);
    order.set([...this.rows.keys()].filter((document) => this.rows[document]), outliers.length);
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
  find(query) {
    this.folded ??= this.headlines.map(fold);
    const words = fold(query).split(/\s+/).filter(Boolean);
    return Uint8Array.from(this.folded, (headline) => words.every((word) => headline.includes(word)));
  }

  topicMatches(row, query) {
    return fold(query).split(/\s+/).every((word) => this.topics[row].folded.includes(word));
  }

  /** The rectangle that holds nine tenths of a topic's documents each way, so that strays do not blow it up. */
  extent(row) {
    const side = (axis) => {
      const values = Float32Array.from(this.members[row], (document) => this.points[2 * document + axis]).sort();
      const cut = Math.floor(values.length / 20);
      return [values[cut], values[values.length - 1 - cut]];
    };
    return { x: side(0), y: side(1) };
  }
}
