/** Pointers, wheel and keys over the map, as calls of the page. */
const TAP = 6; // pixels that a finger may slip within a tap

class Hands {
  constructor(page) {
    Object.assign(this, { page, pointers: new Map(), travelled: 0, moving: false });
    page.hands = this;
    const canvas = page.labelCanvas;
    canvas.addEventListener("pointerdown", (event) => this.#down(event));
    canvas.addEventListener("pointermove", (event) => this.#move(event));
    canvas.addEventListener("pointerup", (event) => this.#up(event));
    canvas.addEventListener("pointercancel", (event) => this.#up(event, true));
    canvas.addEventListener("pointerleave", () => page.hover(-1));
    canvas.addEventListener("wheel", (event) => this.#wheel(event), { passive: false });
    canvas.addEventListener("dblclick", (event) => this.#zoomAt(...this.#place(event), event.shiftKey ? 0.5 : 2));
    canvas.addEventListener("keydown", (event) => this.#key(event));
    document.querySelector("#zoom").addEventListener("click", (event) => {
      const button = event.target.closest("button");
      if (button) page.zoom(button.dataset.zoom);
    });
    document.addEventListener("keydown", (event) => {
      if (event.key === "Escape") page.clear();
      if (event.key === "/" && !event.target.matches("input[type=search]")) {
        event.preventDefault();
        page.panel.focusSearch();
      }
    });
  }

  #place(event) {
    const { left, top } = this.page.stage.getBoundingClientRect();
    return [event.clientX - left, event.clientY - top];
  }

  #zoomAt(left, top, factor) {
    this.page.camera.zoomAt(left, top, factor);
    this.#moved();
  }

  /** Draw now, and once more in full when the movement has come to rest. */
  #moved() {
    this.moving = true;
    this.page.redraw();
    clearTimeout(this.rest);
    this.rest = setTimeout(() => {
      this.moving = false;
      this.page.redraw();
    }, 120);
  }

  #down(event) {
    if (event.button) return;
    event.target.setPointerCapture(event.pointerId);
    if (!this.pointers.size) this.travelled = 0;
    this.pointers.set(event.pointerId, this.#place(event));
    if (this.pointers.size > 1) this.travelled = Infinity; // a pinch is no tap
  }

  #move(event) {
    const { page } = this;
    const [left, top] = this.#place(event);
    const before = this.pointers.get(event.pointerId);
    if (!before) return this.#point(left, top);
    this.travelled += Math.hypot(left - before[0], top - before[1]);
    if (this.travelled < TAP) return;
    page.labelCanvas.classList.add("dragging");
    page.hover(-1);
    const other = [...this.pointers].find(([id]) => id !== event.pointerId)?.[1];
    this.pointers.set(event.pointerId, [left, top]);
    if (other) {
      const spread = (place) => Math.max(10, Math.hypot(place[0] - other[0], place[1] - other[1]));
      page.camera.pan((left - before[0]) / 2, (top - before[1]) / 2);
      page.camera.zoomAt((left + other[0]) / 2, (top + other[1]) / 2, spread([left, top]) / spread(before));
    } else {
      page.camera.pan(left - before[0], top - before[1]);
    }
    this.#moved();
  }

  #up(event, cancelled = false) {
    if (!this.pointers.delete(event.pointerId)) return;
    this.page.labelCanvas.classList.remove("dragging");
    if (!cancelled && this.travelled < TAP) this.#tap(...this.#place(event), event.pointerType === "mouse" ? 9 : 22);
  }

  #tap(left, top, radius) {
    const { page } = this;
    const near = page.documentAt(left, top, 5);
    const row = near < 0 ? page.labels.at(left, top) : null;
    if (row !== null) return page.light(row);
    const document = near < 0 ? page.documentAt(left, top, radius) : near;
    if (document >= 0) page.choose(document, { fly: false });
    else page.clear();
  }

  #point(left, top) {
    const { page } = this;
    const onLabel = page.labels.at(left, top) !== null;
    const document = page.documentAt(left, top, onLabel ? 5 : 9);
    page.labelCanvas.classList.toggle("pointing", onLabel || document >= 0);
    page.hover(document);
  }

  #wheel(event) {
    event.preventDefault();
    const lines = [1, 16, 400][event.deltaMode];
    const delta = Math.max(-240, Math.min(240, event.deltaY * lines));
    this.#zoomAt(...this.#place(event), Math.exp(-delta * (event.ctrlKey ? 0.01 : 0.0018)));
    this.#point(...this.#place(event));
  }

  #key(event) {
    const { page } = this;
    const step = { ArrowLeft: [1, 0], ArrowRight: [-1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] }[event.key];
    const zoom = { "+": "in", "=": "in", "-": "out", _: "out", 0: "all" }[event.key];
    if (event.ctrlKey || event.metaKey || event.altKey || !(step || zoom)) return;
    event.preventDefault();
    if (zoom) return page.zoom(zoom);
    page.camera.pan(0.12 * page.camera.width * step[0], 0.12 * page.camera.height * step[1]);
    this.#moved();
  }
}

const page = new Page(JSON.parse(document.querySelector("#data").textContent));
