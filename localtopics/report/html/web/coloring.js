/** By what the dots are coloured: the topic, the group, the time or how strongly a document belongs to its topic. */
const RAMP = ["#440154", "#414487", "#2a788e", "#22a884", "#7ad151", "#c2df23"]; // viridis, without its palest end
const RAMP_ON_DARK = ["#7e4fb0", "#5c7fd0", "#35a2b5", "#35c28d", "#9bdc4e", "#fde725"];

class Coloring {
  constructor(data) {
    this.data = data;
    const words = { topic: "Topic", group: "Group", time: "Time", probability: "Strength", pull: "Outlier strength" };
    const has = { topic: true, group: data.groups, time: data.times, probability: data.probability, pull: data.pull };
    /** The ways there are, by name: what each is called. */
    this.ways = new Map(Object.entries(words).filter(([way]) => has[way]));
    this.codes = new Map();
    this.colors = new Map();
  }

  /** Whether dots of a topic look alike, so that its name can too. */
  isOfTopics(way) { return way === "topic"; }

  /** The code of each document's colour. */
  codesOf(way) {
    const { data } = this;
    if (!this.codes.has(way)) {
      const codes = {
        topic: () => data.rows,
        group: () => data.groups.of,
        time: () => data.times.of,
        pull: () => data.pull,
        probability: () => data.probability.map((step, index) => (data.rows[index] ? step : NO_STRENGTH)),
      };
      this.codes.set(way, codes[way]());
    }
    return this.codes.get(way);
  }

  /** The colour of each code, as #rrggbb. */
  colorsOf(way, theme) {
    if (way === "topic") return theme.dotColors;
    const key = `${way} ${theme.dark}`;
    if (!this.colors.has(key)) this.colors.set(key, this.#colors(way, theme));
    return this.colors.get(key);
  }

  #colors(way, theme) {
    const { data } = this, grey = theme.dotColors[0];
    if (way === "group") {
      const colors = data.groupColors.map((pair) => pair[Number(theme.dark)]);
      return [...data.groups.labels.map((_, code) => colors[code] ?? grey), grey];
    }
    const shares = way === "time" ? this.#shares() : Array.from({ length: STRENGTH_STEPS + 1 }, (_, i) => i / STRENGTH_STEPS);
    return [...shares.map((share) => Coloring.#ramp(share, theme)), grey];
  }

  colorOf(way, index, theme) { return this.colorsOf(way, theme)[this.codesOf(way)[index]]; }

  /**
   * What the colours mean: { entries: [[label, color], …] }, or { colors, from, to } where they are a ramp; null where
   * the map says it itself.
   */
  legend(way, theme) {
    const { data } = this, colors = this.colorsOf(way, theme);
    if (way === "topic") return null;
    if (way === "group") {
      const shown = data.groupColors.length, { labels } = data.groups;
      const entries = labels.slice(0, shown).map((label, code) => [label, colors[code]]);
      const none = data.groups.of.includes(labels.length);
      if (labels.length > shown || none) entries.push([labels.length > shown ? "others" : "no group", colors.at(-1)]);
      return { entries };
    }
    const { labels } = way === "time" ? data.times : { labels: ["0", "0.5", "1"] };
    const middle = way === "time" ? labels[this.#shares().findIndex((share) => share >= 0.5)] : labels[1];
    const ramp = Array.from({ length: 6 }, (_, i) => Coloring.#ramp(i / 5, theme));
    const words = { probability: "how surely it belongs to its topic; outliers grey",
      pull: "how near an outlier is to its nearest topic; others grey",
      time: "an equal part of the documents has each shade" };
    return { colors: ramp, from: labels[0], middle, to: labels.at(-1), note: words[way] };
  }

  /** Where each bin of time lies among all documents, from 0 to 1: most are of few years, and these differ too. */
  #shares() {
    const { data } = this, counts = data.counts("times", data.rows.keys()).slice(0, -1);
    const all = counts.reduce((sum, count) => sum + count, 0);
    let before = 0;
    const middles = Array.from(counts, (count) => (before += count) - count / 2);
    const [first, last] = [middles[0], middles.at(-1)];
    return middles.map((middle) => (all && last > first ? (middle - first) / (last - first) : 1));
  }

  /** The legend line by line: [label, color]; nothing where the map says it itself. */
  entries(way, theme) {
    const legend = this.legend(way, theme);
    const last = RAMP.length - 1;
    const ends = (i) => ({ 0: legend.from, [Math.ceil(last / 2)]: legend.middle, [last]: legend.to })[i] ?? "";
    return !legend ? [] : legend.entries ?? legend.colors.map((color, i) => [ends(i), color]);
  }

  static #ramp(share, theme) {
    const stops = theme.dark ? RAMP_ON_DARK : RAMP;
    const at = share * (stops.length - 1), low = Math.min(stops.length - 2, Math.floor(at));
    const channel = (hex, start) => parseInt(hex.slice(start, start + 2), 16);
    return "#" + [1, 3, 5].map((start) => {
      const [a, b] = [channel(stops[low], start), channel(stops[low + 1], start)];
      return Math.round(a + (b - a) * (at - low)).toString(16).padStart(2, "0");
    }).join("");
  }
}
