/** What leaves the page: documents and tables as CSV or JSON, the map as PNG or SVG. */
const FORMULA = /^(?:[=@\t\r\n＝＠＋－]|[+-](?![\d.,]+$))/; // what a spreadsheet would run: see run/tables.py
const UNFIT_FOR_XML = /[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]|[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/g;

/** Rows of numbers and texts as CSV; a text that a spreadsheet would run gets an apostrophe before it. */
function toCsv(header, rows) {
  const cell = (value) => {
    if (value === null || value === undefined || value === "") return "";
    if (typeof value === "number") return String(value);
    return `"${(FORMULA.test(value) ? "'" : "") + value.replaceAll('"', '""')}"`;
  };
  return [header, ...rows].map((row) => row.map(cell).join(",")).join("\r\n") + "\r\n";
}

/** Documents as objects; what the run does not have of them is left out. */
function describe(data, documents) {
  const column = (name, index) => data[name].labels[data[name].of[index]] ?? null;
  const strength = (name, index) => {
    const value = data.strength(name, index);
    return value === null ? null : Math.round(1000 * value) / 1000;
  };
  return documents.map((index) => {
    const { topic, label } = data.topics[data.rows[index]];
    return {
      id: data.ids[index], headline: data.headlines[index] || null, topic, label,
      ...(data.times && { time: column("times", index) }), ...(data.groups && { group: column("groups", index) }),
      ...(data.probability && { probability: strength("probability", index) }),
      ...(data.pull && { pull: strength("pull", index) }),
    };
  });
}

function exportDocuments({ data }, documents, kind, name) {
  const rows = describe(data, documents);
  const text = kind === "json" ? JSON.stringify(rows, null, 1) + "\n"
    : toCsv(Object.keys(rows[0] ?? {}), rows.map(Object.values));
  const types = { csv: "text/csv;charset=utf-8", json: "application/json" };
  saveFile(new Blob([text], { type: types[kind] }), `${fileName(`${data.title} ${name}`)}.${kind}`);
  announce(`${plural(documents.length, "document")} saved`);
}

/** Text as the name of a file. */
function fileName(text) { return text.replace(/[^\p{L}\p{N}.]+/gu, "-").replace(/^[-.]+|-+$/g, "").slice(0, 80) || "map"; }

function saveFile(blob, name) {
  const link = make("a", "", { href: URL.createObjectURL(blob), download: name });
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60000);
}

/** A button that copies a table, which `table` makes: [header, rows]. */
function copyButton(title, table) {
  const button = makeButton("Copy as CSV", async () => {
    const done = await copyText(toCsv(...table()));
    button.textContent = done ? "Copied" : "The browser does not allow it";
    announce(button.textContent);
    setTimeout(() => { button.textContent = "Copy as CSV"; }, 2500);
  }, { className: "copy", ariaLabel: `Copy as CSV: ${title}` });
  return button;
}

async function copyText(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch { // where the browser trusts no page from a file, the old way
    const field = make("textarea", "", { value: text, className: "unseen" }), focus = document.activeElement;
    document.body.append(field);
    field.select();
    const done = document.execCommand("copy");
    field.remove();
    focus?.focus();
    return done;
  }
}

/** The map as it is seen, as a picture of pixels. */
function savePng(page) {
  const canvas = page.view.picture();
  paintLegend(canvas.getContext("2d"), page);
  canvas.toBlob((blob) => saveFile(blob, `${fileName(page.data.title)}.png`));
}

function paintLegend(context, { coloring, state, theme, view }) {
  const entries = coloring.entries(state.colorBy, theme), height = view.camera.height - 16 - 18 * entries.length;
  Object.assign(context, { font: `12px ${view.labels.family}`, textAlign: "left", textBaseline: "middle" });
  entries.forEach(([label, color], i) => {
    context.fillStyle = color;
    context.fillRect(16, height + 18 * i, 12, 12);
    context.fillStyle = theme.text;
    context.fillText(label, 34, height + 18 * i + 6);
  });
}

/** The map as it is seen, as a drawing that scales. */
function saveSvg(page) {
  const text = new XMLSerializer().serializeToString(drawSvg(page));
  saveFile(new Blob([text], { type: "image/svg+xml" }), `${fileName(page.data.title)}.svg`);
}

function drawSvg({ view, data, state, coloring, theme }) {
  const { camera, labels } = view, size = view.dotSize, fixed = (value) => value.toFixed(1);
  const svg = draw("svg", { viewBox: `0 0 ${camera.width} ${camera.height}`, width: camera.width, height: camera.height });
  svg.append(draw("title", {}, data.title.replace(UNFIT_FOR_XML, "")));
  svg.append(draw("rect", { width: "100%", height: "100%", fill: theme.background }));
  const colors = coloring.colorsOf(state.colorBy, theme), codes = coloring.codesOf(state.colorBy), paths = new Map();
  for (const index of data.drawingOrder) { // one path for all dots that look the same: faded ones lie beneath
    const [x, y] = camera.screen(...data.place(index));
    if (x < -size || y < -size || x > camera.width + size || y > camera.height + size) continue;
    const presence = [0, PALENESS, 1][state.presence[index]], alpha = view.opacities[data.rows[index]] * presence;
    if (!alpha) continue;
    const key = `${alpha} ${colors[codes[index]]}`;
    if (!paths.has(key)) paths.set(key, { alpha, color: colors[codes[index]], steps: [] });
    paths.get(key).steps.push(`M${fixed(x)} ${fixed(y)}h0`);
  }
  const dots = draw("g", { "stroke-linecap": "round", "stroke-width": fixed(size), fill: "none" });
  for (const { alpha, color, steps } of [...paths.values()].sort((a, b) => a.alpha - b.alpha)) {
    dots.append(draw("path", { d: steps.join(""), stroke: color, "stroke-opacity": (alpha * view.dotOpacity).toFixed(3) }));
  }
  const names = draw("g", { "font-family": labels.family, "text-anchor": "middle", "paint-order": "stroke",
    "stroke-linejoin": "round", stroke: theme.background });
  for (const { line, x, y, label } of labels.drawn(camera)) {
    names.append(draw("text", { x: fixed(x), y: fixed(y), dy: "0.35em", fill: coloring.isOfTopics(state.colorBy) ? theme.textColors[label.row] : theme.text,
      "font-size": label.fontSize, "font-weight": label.topic.level ? 700 : 600, opacity: label.alpha,
      "stroke-width": fixed(HALO * label.fontSize) }, line.replace(UNFIT_FOR_XML, "")));
  }
  svg.append(dots, names);
  const entries = coloring.entries(state.colorBy, theme);
  entries.forEach(([label, color], i) => {
    const top = camera.height - 16 - 18 * (entries.length - i);
    svg.append(draw("rect", { x: 16, y: top, width: 12, height: 12, fill: color }));
    svg.append(draw("text", { x: 34, y: top + 10, "font-size": 12, "font-family": labels.family, fill: theme.text },
      label.replace(UNFIT_FOR_XML, "")));
  });
  return svg;
}
