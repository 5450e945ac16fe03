/** The box beside a dot that shows the document's headline and its topic. */
const TOOLTIP_GAP = 14; // pixels between the dot and the box
const TOOLTIP_MARGIN = 12; // pixels between the box and the edge of the map

class Tooltip {
  constructor(data) {
    this.data = data;
    this.element = document.querySelector("#tooltip");
    this.shown = -1;
  }

  /** Show a document beside its dot; hide the box for -1 and where the dot is out of sight. */
  show(index, camera, color) {
    const { data, element } = this;
    const [x, y] = index < 0 ? [-1, -1] : camera.screen(...data.place(index));
    element.hidden = x < 0 || y < 0 || x > camera.width || y > camera.height;
    if (element.hidden) return;
    if (this.shown !== index) {
      this.shown = index;
      element.querySelector("p").textContent = data.nameOf(index);
      element.querySelector("span").textContent = [data.topics[data.rows[index]].label, ...data.facts(index)].join(" · ");
    }
    element.style.setProperty("--dot-color", color);
    const left = Tooltip.#beside(x, element.offsetWidth, camera.width);
    const top = Tooltip.#beside(y, element.offsetHeight, camera.height);
    element.style.transform = `translate(${left}px, ${top}px)`;
  }

  /** Where the box begins along one axis: after the dot, before it where it would not fit there, never outside. */
  static #beside(dot, length, available) {
    const after = dot + TOOLTIP_GAP, end = available - TOOLTIP_MARGIN;
    const start = after + length < end ? after : dot - TOOLTIP_GAP - length;
    return Math.max(TOOLTIP_MARGIN, Math.min(start, end - length));
  }
}
