/** Small charts of one topic, each a figure with its table to copy. */
const CHART = { width: 320, height: 72 };
const MOST_GROUPS = 8; // groups listed at first

/** A figure with a heading and what belongs to it. */
function figure(title, table, ...children) {
  const heading = make("h3", "", {}, make("span", title));
  if (table) heading.append(copyButton(title, table));
  return make("figure", "", {}, heading, ...children);
}

/** Columns, one a bin of time; `counts` has one more at its end, for documents without a time. */
function columns(labels, counts, { period = null, height = CHART.height } = {}) {
  const { width } = CHART, step = width / labels.length, most = Math.max(1, ...counts.slice(0, labels.length));
  const svg = draw("svg", { viewBox: `0 0 ${width} ${height}`, class: "columns", preserveAspectRatio: "none",
    "aria-hidden": "true" });
  labels.forEach((label, bin) => {
    const high = (counts[bin] / most) * height, inside = !period || (bin >= period[0] && bin <= period[1]);
    const column = draw("rect", { x: bin * step + step * 0.08, y: height - high, width: step * 0.84, height: high,
      class: inside ? "" : "outside" });
    column.append(draw("title", {}, `${label}: ${number.format(counts[bin])}`));
    svg.append(column);
  });
  return svg;
}

/** A topic's documents over time, and the table: bin, documents, all documents of the bin, share. */
function overTime(data, documents, change, period) {
  const { labels } = data.times, counts = data.counts("times", documents);
  const all = data.counts("times", data.rows.keys());
  const peak = counts.indexOf(Math.max(...counts.slice(0, labels.length)));
  const table = () => [["bin", "documents", "of", "share"],
    labels.map((label, bin) => [label, counts[bin], all[bin], all[bin] ? counts[bin] / all[bin] : null])];
  const axis = make("div", "", { className: "axis" }, make("span", labels[0]), make("span", labels.at(-1)));
  const words = `Most in ${labels[peak]}: ${plural(counts[peak], "document")}.`;
  const without = counts.at(-1) ? ` ${number.format(counts.at(-1))} without a time.` : "";
  const note = make("figcaption", `${words}${without}${change ? ` Over all ${change}.` : ""}`);
  return figure("Over time", table, columns(labels, counts, { period }), axis, note);
}

/** A topic's largest groups as a table with bars, and all of them to copy. */
function byGroup(data, documents, coloring, theme) {
  const counts = data.counts("groups", documents), all = data.counts("groups", data.rows.keys());
  const labels = [...data.groups.labels, "no group"], colors = coloring.colorsOf("group", theme);
  const order = [...counts.keys()].filter((code) => counts[code]).sort((a, b) => counts[b] - counts[a] || a - b);
  const table = () => [["group", "documents", "of", "share"],
    order.map((code) => [labels[code], counts[code], all[code], counts[code] / all[code]])];
  const list = make("ul", "", { className: "bars" });
  for (const code of order.slice(0, MOST_GROUPS)) {
    const bar = make("i");
    bar.style.setProperty("--share", counts[code] / counts[order[0]]);
    bar.style.setProperty("--dot-color", colors[code]);
    list.append(make("li", "", {}, make("span", labels[code], { dir: "auto" }), bar,
      make("data", number.format(counts[code]), { value: counts[code] })));
  }
  const rest = order.length - MOST_GROUPS;
  return figure("By group", table, list, ...(rest > 0 ? [make("figcaption", `and ${plural(rest, "group")} more`)] : []));
}
