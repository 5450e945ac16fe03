/** The colours of the light or the dark scheme, whichever the system asks for; a "change" event says that it did. */
class Theme extends EventTarget {
  constructor(topics) {
    super();
    this.topics = topics;
    this.scheme = matchMedia("(prefers-color-scheme: dark)");
    this.#read();
    this.scheme.addEventListener("change", () => {
      this.#read();
      this.dispatchEvent(new Event("change"));
    });
  }

  /** Set `dotColors` and `textColors`, one of each for each topic, and the page's `background` and `text`. */
  #read() {
    const dark = this.scheme.matches, style = getComputedStyle(document.body);
    this.dotColors = this.topics.map((topic) => (dark ? topic.colorOnDark : topic.color));
    this.textColors = this.topics.map((topic) => (dark ? topic.textColorOnDark : topic.textColor));
    this.background = style.backgroundColor;
    this.text = style.color;
  }
}
