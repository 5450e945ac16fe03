/** Turns pointers, wheel, keys and buttons into calls of the page. */
const TAP_DISTANCE = 6; // pixels that a finger may slip within a tap
const NEAR_DOT = 5; // pixels within which a dot is meant rather than the name that it lies under
const MOUSE_RADIUS = 9, FINGER_RADIUS = 22; // pixels within which a dot is meant where there is no name

class InputController {
  constructor(page) {
    Object.assign(this, { page, view: page.view, canvas: page.view.labelCanvas });
    this.pointers = new Map(); // the place of each pointer that is down, by its id
    this.travelled = 0; // pixels since the first of them came down
    this.lassoing = false; // whether the next drag draws a lasso
    const { canvas } = this;
    canvas.addEventListener("pointerdown", (event) => this.#down(event));
    canvas.addEventListener("pointermove", (event) => this.#move(event));
    canvas.addEventListener("pointerup", (event) => this.#up(event));
    canvas.addEventListener("pointercancel", (event) => this.#up(event, true));
    canvas.addEventListener("pointerleave", () => page.hover(-1));
    canvas.addEventListener("wheel", (event) => this.#wheel(event), { passive: false });
    canvas.addEventListener("dblclick", (event) => this.view.zoomAt(...this.#place(event), event.shiftKey ? 0.5 : 2));
    canvas.addEventListener("keydown", (event) => this.#mapKey(event));
    document.addEventListener("click", (event) => {
      const button = event.target.closest("[data-action]");
      if (button) ACTIONS[button.dataset.action](page);
    });
    document.addEventListener("keydown", (event) => this.#pageKey(event));
  }

  /** Where on the map an event happened, in pixels from its left and top. */
  #place(event) {
    const { left, top } = this.view.element.getBoundingClientRect();
    return [event.clientX - left, event.clientY - top];
  }

  #down(event) {
    if (event.button) return;
    event.target.setPointerCapture(event.pointerId);
    if (!this.pointers.size) {
      this.travelled = 0;
      this.view.lasso = this.lassoing || event.shiftKey ? [this.#place(event)] : null;
    } else {
      this.view.lasso = null;
    }
    this.pointers.set(event.pointerId, this.#place(event));
    if (this.pointers.size > 1) this.travelled = Infinity; // a pinch is no tap
  }

  #move(event) {
    const [left, top] = this.#place(event);
    const before = this.pointers.get(event.pointerId);
    if (!before) return this.#hover(left, top);
    this.travelled += Math.hypot(left - before[0], top - before[1]);
    if (this.travelled < TAP_DISTANCE) return;
    this.canvas.classList.add("dragging");
    this.page.hover(-1);
    if (this.view.lasso) return this.#lasso(event.pointerId, [left, top]);
    const other = [...this.pointers].find(([id]) => id !== event.pointerId)?.[1];
    this.pointers.set(event.pointerId, [left, top]);
    if (other) {
      const spread = (place) => Math.max(10, Math.hypot(place[0] - other[0], place[1] - other[1]));
      this.view.pan((left - before[0]) / 2, (top - before[1]) / 2);
      this.view.zoomAt((left + other[0]) / 2, (top + other[1]) / 2, spread([left, top]) / spread(before));
    } else {
      this.view.pan(left - before[0], top - before[1]);
    }
  }

  #up(event, cancelled = false) {
    if (!this.pointers.delete(event.pointerId)) return;
    this.canvas.classList.remove("dragging");
    const { lasso } = this.view;
    this.view.lasso = null;
    if (lasso && !cancelled && this.travelled >= TAP_DISTANCE) return this.#choose(lasso);
    if (cancelled || this.travelled >= TAP_DISTANCE) return;
    this.#tap(...this.#place(event), event.pointerType === "mouse" ? MOUSE_RADIUS : FINGER_RADIUS);
  }

  /** Let the next drag draw a lasso, or no longer. */
  toggleLasso(on = !this.lassoing) {
    this.lassoing = on;
    find("[data-action=lasso]").setAttribute("aria-pressed", on);
    this.canvas.classList.toggle("lassoing", on);
    if (on) announce("Draw round documents with the pointer; by keys, a topic's page has its documents.");
  }

  #lasso(id, place) {
    this.pointers.set(id, place);
    this.view.lasso.push(place);
    this.view.redraw();
  }

  #choose(lasso) {
    this.toggleLasso(false);
    const documents = this.view.documentsWithin(lasso);
    if (documents.length) this.page.choose(documents);
    else announce("No document lies there");
    this.view.redraw();
  }

  /** Select the dot that is hit, else the topic whose name is, else the nearest dot, else nothing. */
  #tap(left, top, radius) {
    const { page, view } = this;
    const hit = view.documentAt(left, top, NEAR_DOT);
    const row = hit < 0 ? view.topicAt(left, top) : null;
    if (row !== null) return page.selectTopic(row);
    const index = hit < 0 ? view.documentAt(left, top, radius) : hit;
    if (index >= 0) page.selectDocument(index, { fly: false });
    else page.clearSelection();
  }

  #hover(left, top) {
    const onLabel = this.view.topicAt(left, top) !== null;
    const index = this.view.documentAt(left, top, onLabel ? NEAR_DOT : MOUSE_RADIUS);
    this.canvas.classList.toggle("pointing", onLabel || index >= 0);
    this.page.hover(index);
  }

  #wheel(event) {
    event.preventDefault();
    const pixels = event.deltaY * [1, 16, 400][event.deltaMode];
    const delta = Math.max(-240, Math.min(240, pixels));
    this.view.zoomAt(...this.#place(event), Math.exp(-delta * (event.ctrlKey ? 0.01 : 0.0018)));
    this.#hover(...this.#place(event));
  }

  #mapKey(event) {
    const { page, view } = this;
    const step = { ArrowLeft: [1, 0], ArrowRight: [-1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] }[event.key];
    const action = KEYS[event.key];
    if (event.ctrlKey || event.metaKey || event.altKey || !(step || action)) return;
    event.preventDefault();
    if (action) return ACTIONS[action](page);
    view.pan(0.12 * view.camera.width * step[0], 0.12 * view.camera.height * step[1]);
  }

  #pageKey(event) {
    if (event.key === "Escape" && this.lassoing) this.toggleLasso(false);
    else if (event.key === "Escape") this.page.clearSelection();
    if (event.key === "/" && !event.target.matches("input[type=search]")) {
      event.preventDefault();
      this.page.panel.focusSearch();
    }
  }
}
