/**
 * Changes of topics by hand: noted here, done by `localtopics edit RUN apply edits.jsonl`, whose form is that of
 * run/edits.py. A change is { edit, rows, topics, documents, text, parts }: `rows` of the topics that it is about, of
 * merged ones that first which the others join, of moved documents where to; `topics`, the same by what they hold.
 */
const LONGEST_NAME = 200, MOST_PARTS = 100; // as run/edits.py takes them

/** Text as Python's one_line has it, so that what is empty there is empty here. */
function oneLine(text) { return text.replace(/[\p{C}\p{Z}]+/gu, " ").trim(); }

/** A change that comes after those that were noted. */
function makeChange({ data, state }, edit, rows, more = {}) {
  const topics = rows.map((row) => referTo(data, state.changes, row));
  return { edit, rows, topics, documents: [], text: "", parts: null, ...more };
}

/** A topic by some of its documents: those that stay, since where they went the next change would find another. */
function referTo(data, changes, row) {
  const { topic, label, level } = data.topics[row];
  return { documents: staying(data, changes, row).map((index) => String(data.ids[index])), label: row ? label : "",
    number: topic, level };
}

function staying(data, changes, row) {
  const moved = new Map(), family = data.family(row);
  for (const { edit, rows, documents } of changes) if (edit === "move") for (const i of documents) moved.set(i, rows[0]);
  return (data.topics[row].sample ?? []).filter((index) => !moved.has(index) || family.has(moved.get(index)));
}

/** Why a topic cannot be changed further, or "": it would be found where its documents went. */
function whyFixed(data, changes, row) {
  const done = { merge: "merged into another", split: "split", drop: "dropped" };
  const last = changes.find(({ edit, rows }) => done[edit] && rows.at(-1) === row);
  if (last) return `Topic ${data.topics[row].topic} is to be ${done[last.edit]}. Do that first, or take it back.`;
  return row && !staying(data, changes, row).length ? "Its documents are to be moved. Do that first, or take it back." : "";
}

/** Whether a later change takes the place of this one. */
function replaces(later, { edit, rows }) {
  return edit === later.edit && (edit === "rename" || edit === "note") && rows[0] === later.rows[0];
}

/** The row of the topic of the finest level that is meant by a number or a name, or null. */
function topicCalled(data, text) {
  const wanted = normalizeText(oneLine(text)), rows = [...Array(data.finest).keys()].filter((row) => data.topics[row].size);
  const called = (test) => {
    const found = rows.filter((row) => test(normalizeText(data.topics[row].label), row));
    return found.length === 1 ? found[0] : null;
  };
  return wanted === "" ? null
    : called((_, row) => wanted === normalizeText(oneLine(choiceOf(data, row))) || wanted === String(data.topics[row].topic))
    ?? called((label) => label === wanted) ?? called((label) => label.includes(wanted));
}

/** How a topic is offered where one is chosen. */
function choiceOf(data, row) { return `${data.topics[row].topic} · ${data.topics[row].label}`; }

/** A change in words. */
function inWords(data, { edit, rows, documents, text, parts }) {
  const [name, other] = rows.map((row) => (row ? choiceOf(data, row) : "the outliers"));
  return {
    rename: `Rename ${name} to “${text}”`, note: `Note of ${name}: “${text}”`, merge: `Merge ${other} into ${name}`,
    split: `Split ${name}${parts ? ` in ${parts}` : ""}`, drop: `Drop ${name}`,
    move: `Move ${plural(documents.length, "document")} to ${name}`,
  }[edit];
}

/** The file of the changes, a line each. */
function toEdits(data, changes) {
  return changes.map(({ edit, topics, documents, text, parts }) => `${JSON.stringify({ edit, topics,
    ...(documents.length && { documents: documents.map((index) => String(data.ids[index])) }),
    ...(text && { text }), ...(parts && { parts }) })}\n`).join("");
}

function saveEdits(page) {
  const { changes } = page.state;
  saveFile(new Blob([toEdits(page.data, changes)], { type: "application/jsonl" }), "edits.jsonl");
  page.change({ savedChanges: changes });
  announce(`${plural(changes.length, "change")} saved`);
}
