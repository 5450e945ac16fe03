/** By what the dots are coloured, and what the colours mean. */
class Legend {
  constructor(page) {
    Object.assign(this, { page, element: find("#coloring"), select: find("#coloring select"), list: find("#legend") });
    const { ways } = page.coloring;
    this.element.hidden = ways.size < 2;
    this.select.append(...[...ways].map(([way, name]) => make("option", name, { value: way })));
    this.select.addEventListener("change", () => page.colorBy(this.select.value));
    page.theme.addEventListener("change", () => this.#build());
  }

  show({ colorBy }) {
    if (this.shown === colorBy) return;
    this.shown = this.select.value = colorBy;
    document.body.classList.toggle("other-colors", !this.page.coloring.isOfTopics(colorBy));
    this.#build();
  }

  #build() {
    const { coloring, theme } = this.page, legend = coloring.legend(this.shown, theme);
    this.list.hidden = !legend;
    this.list.replaceChildren();
    if (legend?.entries) this.list.append(...legend.entries.map(([label, color]) => Legend.#entry(label, color)));
    else if (legend) this.list.append(Legend.#ramp(legend), make("li", legend.note, { className: "note" }));
  }

  static #entry(label, color) {
    const dot = make("i");
    dot.style.setProperty("--dot-color", color);
    return make("li", "", {}, dot, make("span", label, { dir: "auto" }));
  }

  static #ramp({ colors, from, middle, to }) {
    const ramp = make("i", "", { className: "ramp" });
    ramp.style.setProperty("background", `linear-gradient(90deg, ${colors.join()})`);
    return make("li", "", { className: "scale" }, ramp, make("span", from), make("span", middle), make("span", to));
  }
}
