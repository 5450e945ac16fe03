/** Where changes of topics are noted, and the list of those that were. */
class Editor {
  constructor(page, label) {
    Object.assign(this, { page, opener: null });
    this.element = make("div", "", { className: "editor", role: "group", ariaLabel: label });
    this.tools = make("div", "", { className: "tools" });
    this.place = make("div"); // of the form
    this.element.append(this.tools, this.place);
  }

  /**
   * Ask for a text beneath the buttons. `take` does what was asked for and says what is wrong with the text, if
   * anything; `choices`: whether it is to be a topic.
   */
  ask(opener, { label, verb, take, choices = false, ...properties }) {
    if (this.opener === opener) return this.close();
    this.close();
    const field = make("input", "", { type: "text", autocomplete: "off", ...properties });
    if (choices) field.setAttribute("list", "topic-choices");
    const form = make("form", "", {}, make("label", label, { dir: "auto" }, field),
      make("button", verb, { type: "submit" }), makeButton("Cancel", () => this.close()));
    field.addEventListener("input", () => field.setCustomValidity(""));
    form.addEventListener("keydown", (event) => {
      event.stopPropagation(); // letters are text here, and no commands
      if (event.key !== "Escape") return;
      event.preventDefault();
      this.close();
    });
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      const wrong = take(field.value);
      if (!wrong) return this.close();
      field.setCustomValidity(wrong);
      field.reportValidity();
    });
    this.place.replaceChildren(form);
    this.opener = opener;
    opener.ariaExpanded = "true";
    form.scrollIntoView({ block: "nearest" });
    field.focus({ preventScroll: true });
    field.select();
  }

  close() {
    const { opener } = this, hadFocus = this.place.contains(document.activeElement);
    this.opener = null;
    if (opener) opener.ariaExpanded = "false";
    this.place.replaceChildren();
    if (hadFocus) opener?.focus();
  }

  /** A button that asks. */
  button(text, onClick) {
    const button = makeButton(text, () => onClick(button), { ariaExpanded: "false" });
    return button;
  }

  /** What is wrong with a topic as the one where something goes to; else it goes there. */
  into(text, { without, note }) {
    const { data, state } = this.page, row = topicCalled(data, text);
    if (row === null) return "This is not one topic: give its number, or its name as the list has it.";
    if (row === without) return "This is the same topic.";
    if (row === 0 && without) return "The outliers are no topic: what is dropped becomes outliers.";
    const wrong = whyFixed(data, state.changes, row);
    if (!wrong) note(row);
    return wrong;
  }
}

/** The buttons of a topic's page. */
class TopicEditor extends Editor {
  constructor(page, row) {
    super(page, "Change this topic");
    Object.assign(this, { row, shown: null, pending: make("ul", "", { className: "changes" }) });
    this.element.append(this.pending);
  }

  show({ changes }) {
    if (this.shown === changes) return;
    const { page, row } = this, hadFocus = this.element.contains(document.activeElement);
    this.shown = changes;
    this.close();
    const known = page.data.topics[row].sample, fixed = whyFixed(page.data, changes, row);
    this.tools.replaceChildren(...(known && !fixed ? this.#buttons() : []));
    const own = changes.filter(({ rows }) => rows.includes(row));
    this.pending.replaceChildren(...own.map((change) => changeItem(page, change, "Not done yet: ")));
    if (fixed && !own.length) this.pending.append(make("li", fixed));
    if (hadFocus) (this.tools.querySelector("button") ?? find("#topic h2")).focus({ preventScroll: true });
  }

  #buttons() {
    const { page, row } = this, { label, level, size } = page.data.topics[row];
    const note = (edit, rows, more) => page.noteChange(makeChange(page, edit, rows, more));
    const naming = (edit, verb, question, value) => this.button(verb, (button) => this.ask(button, {
      label: question, verb, value, maxLength: LONGEST_NAME, dir: "auto", take: (text) => {
        if (!oneLine(text)) return "This is empty.";
        note(edit, [row], { text: oneLine(text) });
      } }));
    const noted = (edit) => page.state.changes.find((change) => change.edit === edit && change.rows[0] === row)?.text;
    const buttons = [naming("rename", "Rename", "New name", noted("rename") ?? label), naming("note", "Note", "Note", noted("note") ?? page.data.topics[row].note ?? "")];
    if (level) return buttons; // a topic of topics can be renamed and noted of, and nothing else
    buttons.push(this.button("Merge …", (button) => this.ask(button, {
      label: "Merge into topic", verb: "Merge", choices: true, placeholder: "number or name",
      take: (text) => this.into(text, { without: row, note: (first) => note("merge", [first, row]) }) })));
    const most = Math.min(MOST_PARTS, Math.floor(size / 2));
    if (most >= 2) {
      buttons.push(this.button("Split …", (button) => this.ask(button, {
        label: "Number of parts", verb: "Split", type: "number", min: 2, max: most, placeholder: "as many as are found",
        take: (text) => note("split", [row], { parts: Number(text) || null }) })));
    }
    buttons.push(makeButton("Drop", () => note("drop", [row]), { title: "Make its documents outliers" }));
    return buttons;
  }
}

/** The buttons that move documents of a list. */
class Mover extends Editor {
  constructor(page, list) {
    super(page, "Move documents");
    Object.assign(this, { documents: list, selected: -1 });
    this.all = this.button("", (button) => this.#move(button, this.documents));
    this.one = this.button("Move the selected one …", (button) => this.#move(button, [this.selected]));
    this.tools.append(this.all, this.one);
  }

  /** `whole`: whether the list may be moved as a whole. */
  show(documents, selected, whole) {
    const within = selected >= 0 && documents.includes(selected);
    if (documents !== this.documents || (within ? selected : -1) !== this.selected) this.close();
    Object.assign(this, { documents, selected: within ? selected : -1 });
    this.all.textContent = `Move ${documents.length === 1 ? "it" : `all ${number.format(documents.length)}`} …`;
    this.all.hidden = !whole || !documents.length;
    this.one.hidden = !within || (whole && documents.length === 1);
    this.element.hidden = this.all.hidden && this.one.hidden;
  }

  #move(button, documents) {
    const { page } = this, { data } = page;
    const what = documents.length === 1 ? `“${data.nameOf(documents[0])}”` : plural(documents.length, "document");
    this.ask(button, { label: `Move ${what} to topic`, verb: "Move", choices: true, placeholder: "number or name, -1 for none",
      take: (text) => this.into(text, { note: (row) => page.noteChange(makeChange(page, "move", [row], { documents })) }) });
  }
}

/** A change in a list, with what takes it back. */
function changeItem(page, change, before = "") {
  const text = inWords(page.data, change);
  const back = makeButton("Take back", () => page.takeBack(change), { ariaLabel: `Take back: ${text}` });
  return make("li", "", {}, make("span", before + text), back);
}

/** The list of changes, beneath what the panel shows. */
class ChangesList {
  constructor(page) {
    Object.assign(this, { page, element: find("#changes"), shown: page.state.changes });
    const { data } = page;
    const rows = [...Array(data.finest).keys()].filter((row) => data.topics[row].size);
    find("#topic-choices").append(...rows.map((row) => make("option", "", { value: choiceOf(data, row) })));
    addEventListener("beforeunload", (event) => {
      const { changes, savedChanges } = page.state;
      if (changes.length && changes !== savedChanges) event.preventDefault();
    });
  }

  show({ changes }) {
    if (this.shown === changes) return;
    const { element } = this, list = element.querySelector("ol"), at = [...list.children].findIndex((item) => item.contains(document.activeElement));
    if (!this.shown.length) element.open = innerWidth > 760; // on a phone it would hide the topic
    this.shown = changes;
    element.hidden = !changes.length;
    element.querySelector("summary").textContent = `${plural(changes.length, "change")}, not done yet`;
    list.replaceChildren(...changes.map((change) => changeItem(this.page, change)));
    if (at < 0) return;
    const next = list.children[Math.min(at, changes.length - 1)]?.querySelector("button");
    (next ?? find(".place:not([hidden]) button")).focus();
  }
}
