/** The colours of the light or the dark scheme, whichever the system asks for, or of paper; a "change" event says that it did. */
const PAPER = { dark: false, background: "#ffffff", text: "#1d2330" }; // print is light

class Theme extends EventTarget {
  constructor(topics) {
    super();
    this.topics = topics;
    this.scheme = matchMedia("(prefers-color-scheme: dark)");
    this.#read();
    this.scheme.addEventListener("change", () => this.usePaper(false));
  }

  /** Take the colours of a sheet of paper, or those of the screen again. */
  usePaper(on) {
    if (on) Object.assign(this, this.#colors(PAPER));
    else this.#read();
    this.dispatchEvent(new Event("change"));
  }

  /** Set `dotColors` and `textColors`, one of each for each topic, and the page's `background` and `text`. */
  #read() {
    const { backgroundColor, color } = getComputedStyle(document.body);
    Object.assign(this, this.#colors({ dark: this.scheme.matches, background: backgroundColor, text: color }));
  }

  #colors(scheme) {
    const { dark, text } = scheme;
    return {
      ...scheme,
      dotColors: this.topics.map((topic) => (dark ? topic.colorOnDark : topic.color) ?? text),
      textColors: this.topics.map((topic) => (dark ? topic.textColorOnDark : topic.textColor) ?? text),
    };
  }
}
