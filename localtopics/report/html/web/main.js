/** The page: what is lit, looked for and chosen, and how hands and keys change it. */
class Page {
  constructor(json) {
    this.corpus = new Corpus(json);
    this.state = { lit: null, query: "", matches: null, found: null, chosen: -1, hovered: -1, outliers: true };
    this.stage = document.querySelector("#stage");
    this.dotCanvas = document.querySelector("#dots");
    this.labelCanvas = document.querySelector("#labels");
    this.card = document.querySelector("#card");
    this.context = this.labelCanvas.getContext("2d");
    this.camera = new Camera();
    this.camera.reach = json.reach;
    this.dots = createDots(this.dotCanvas, this.corpus);
    this.grid = new Grid(this.corpus);
    this.labels = new Labels(this.context, this.corpus);
    this.panel = new Panel(this.corpus, this);
    this.dark = matchMedia("(prefers-color-scheme: dark)");
    this.strengths = new Float32Array(this.corpus.topics.length).fill(1);
    this.last = 0;
    this.share = 1;
    this.#theme();
    this.dark.addEventListener("change", () => this.#theme());
    this.dotCanvas.addEventListener("redraw", () => this.redraw());
    new ResizeObserver(() => this.#resize()).observe(this.stage);
    this.#resize();
    this.panel.show(this.state);
    new Hands(this);
  }

  // What can be asked of the page

  /** Light a topic and fly to it; asked again, clear it. */
  light(row, { fly = true } = {}) {
    if (this.state.lit === row) return this.clear();
    this.#change({ lit: row, chosen: -1, outliers: this.state.outliers || row === 0 });
    if (fly && row > 0) this.#fly(this.camera.around(this.corpus.extent(row)));
    if (!this.state.query) this.panel.reveal(row);
  }

  /** Choose a document: light its topic, show its card; asked again, clear it. */
  choose(document, { fly = true } = {}) {
    if (this.state.chosen === document) return this.clear();
    const row = this.corpus.rows[document];
    this.#change({ lit: row, chosen: document, outliers: this.state.outliers || row === 0 });
    const [x, y] = this.corpus.points.subarray(2 * document, 2 * document + 2);
    if (fly) this.#fly({ x, y, scale: Math.max(this.camera.scale, 4 * this.camera.least) });
    if (!this.state.query) this.panel.reveal(row); // what was found stays where it is
  }

  /** Let nothing be lit; with nothing lit, look for nothing. */
  clear() {
    if (this.state.lit === null && this.state.query) {
      this.panel.clearSearch();
      return this.search("");
    }
    this.#change({ lit: null, chosen: -1 });
  }

  search(query) {
    const matches = query ? this.corpus.find(query) : null;
    this.dots.setMatches(matches?.includes(1) ? matches : null);
    const found = new Set([...this.corpus.topics.keys()].filter((row) => row && this.corpus.topicMatches(row, query)));
    this.#change({ query, matches, found: query && found.size ? found : null });
  }

  showOutliers(outliers) {
    const lit = !outliers && this.state.lit === 0 ? null : this.state.lit;
    this.#change({ outliers, lit });
  }

  zoom(way) {
    const { camera } = this;
    if (way === "all") return this.#fly(camera.all());
    const to = { x: camera.x, y: camera.y, scale: camera.scale * (way === "in" ? 1.8 : 1 / 1.8) };
    to.scale = Math.min(Math.max(to.scale, 0.6 * camera.least), 400 * camera.least);
    this.#fly(to);
  }

  hover(document) {
    if (document === this.state.hovered) return;
    this.state.hovered = document;
    this.redraw();
  }

  /** The document under a place of the screen, or -1: only what is drawn, and what is lit before what is faded. */
  documentAt(left, top, radius) {
    const { lit, outliers, matches } = this.state;
    const { rows } = this.corpus;
    const [x, y] = this.camera.world(left, top);
    const shown = (document) => outliers || rows[document] !== 0;
    const strong = (document) => (lit === null || rows[document] === lit) && (!matches || matches[document]);
    const near = (accept) => this.grid.nearest(x, y, radius / this.camera.scale, accept);
    const found = near((document) => shown(document) && strong(document));
    return found < 0 && lit === null ? near(shown) : found;
  }

  redraw() {
    this.frame ??= requestAnimationFrame((now) => this.#draw(now));
  }

  // How it is shown

  #change(change) {
    Object.assign(this.state, change);
    this.panel.show(this.state);
    this.redraw();
  }

  #fly(view) {
    this.camera.fly(view, performance.now());
    this.redraw();
  }

  #theme() {
    const key = this.dark.matches ? "dark" : "light";
    this.colors = this.corpus.topics.map((topic) => topic[key]);
    this.back = getComputedStyle(document.body).backgroundColor;
    this.ink = getComputedStyle(document.body).color;
    this.panel.setColors(this.colors);
    this.painted = null;
    this.redraw();
  }

  #resize() {
    const { width, height } = this.stage.getBoundingClientRect();
    if (!width || !height) return;
    const { camera } = this;
    const share = this.ratio ? camera.zoom : 1; // the same part of the map stays in view
    Object.assign(camera, { width, height });
    camera.scale = share * camera.least;
    this.ratio = Math.min(devicePixelRatio || 1, 2);
    for (const canvas of [this.dotCanvas, this.labelCanvas]) {
      canvas.width = Math.round(width * this.ratio);
      canvas.height = Math.round(height * this.ratio);
    }
    this.#draw(performance.now()); // at once: setting the size has wiped the canvases
  }

  /** The topics whose names matter most now, or null where all do alike. */
  #wanted() {
    const { lit, found } = this.state;
    return lit === null ? found : new Set([lit]);
  }

  /** How strong each topic is drawn moves towards what the state asks for; true while it moves. */
  #fade(step) {
    const { lit, outliers } = this.state;
    let moving = false;
    this.strengths.forEach((strength, row) => {
      let goal = lit === null ? (row === 0 ? 0.75 : 1) : row === lit ? 1 : row === 0 ? 0.14 : 0.22;
      if (row === 0 && !outliers) goal = 0;
      const gap = goal - strength;
      this.strengths[row] = Math.abs(gap) > step ? strength + Math.sign(gap) * step : goal;
      moving ||= Math.abs(gap) > step;
    });
    const painted = `${this.strengths.join()} ${this.colors[0]}`;
    if (painted !== this.painted) {
      this.painted = painted;
      const rgba = new Uint8Array(4 * this.colors.length);
      this.colors.forEach((color, row) => {
        const value = parseInt(color.slice(1), 16);
        rgba.set([value >> 16, (value >> 8) & 255, value & 255, Math.round(255 * this.strengths[row])], 4 * row);
      });
      this.dots.setColors(rgba);
    }
    return moving;
  }

  #draw(now) {
    cancelAnimationFrame(this.frame);
    this.frame = null;
    const still = !this.last || matchMedia("(prefers-reduced-motion: reduce)").matches;
    const passed = now - this.last;
    const step = still ? 1 : Math.min(50, passed) / 200; // of a fade from nothing to all
    this.last = now;
    const { camera, context, state, ratio } = this;
    const flying = camera.step(now);
    const fading = this.#fade(step);
    const moving = flying || fading || this.hands?.moving;
    this.#pace(moving, passed);
    const lit = state.lit !== null || state.matches?.includes(1);
    const share = moving ? this.share : 1;
    this.dots.draw(camera, { size: this.dotSize(), opacity: this.opacity(), lit, ratio, share });
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    context.clearRect(0, 0, camera.width, camera.height);
    const wanted = this.#wanted();
    this.labels.arrange(camera, wanted);
    const naming = this.labels.draw(camera, { wanted, dark: this.dark.matches, step, back: this.back });
    this.#ring(state.chosen);
    this.#ring(state.hovered);
    this.#placeCard();
    if (flying || fading || naming) this.redraw();
  }

  /** Draw fewer dots while the map moves on a machine that is too slow for all of them. */
  #pace(moving, passed) {
    const least = Math.min(1, 20000 / this.corpus.size);
    if (moving && this.moved && passed > 30) this.share = Math.max(least, 0.7 * this.share);
    else if (moving && this.moved && passed < 20) this.share = Math.min(1, 1.05 * this.share);
    this.moved = moving;
  }

  /** Pixels across a dot: fewer where there are many, more on a closer look. */
  dotSize() {
    const { width, height, zoom } = this.camera;
    const base = Math.min(16, Math.max(2.4, 34 / this.corpus.size ** 0.23)) * (Math.min(width, height) / 900) ** 0.7;
    return Math.max(1.6, base) * Math.min(3.2, Math.max(1, zoom) ** 0.38);
  }

  opacity() { return Math.min(0.9, Math.max(0.68, 1.18 - 0.1 * Math.log10(this.corpus.size))); }

  #ring(document) {
    if (document < 0) return;
    const { context, camera, corpus } = this;
    const [x, y] = camera.screen(corpus.points[2 * document], corpus.points[2 * document + 1]);
    const radius = Math.max(4, this.dotSize() / 2 + 1);
    context.beginPath();
    context.arc(x, y, radius, 0, 7);
    context.fillStyle = this.colors[corpus.rows[document]];
    context.fill();
    context.lineWidth = 4.5;
    context.strokeStyle = this.back;
    context.stroke();
    context.lineWidth = 2;
    context.strokeStyle = this.ink;
    context.stroke();
  }

  #placeCard() {
    const { card, camera, corpus } = this;
    const document = this.state.hovered >= 0 ? this.state.hovered : this.state.chosen;
    const [x, y] = document < 0 ? [0, 0] : camera.screen(corpus.points[2 * document], corpus.points[2 * document + 1]);
    card.hidden = document < 0 || x < 0 || y < 0 || x > camera.width || y > camera.height;
    if (card.hidden) return;
    if (this.carded !== document) {
      this.carded = document;
      const row = corpus.rows[document];
      card.querySelector("p").textContent = corpus.headlines[document];
      card.querySelector("span").textContent = corpus.topics[row].label;
    }
    card.style.setProperty("--dot", this.colors[corpus.rows[document]]);
    const { offsetWidth: wide, offsetHeight: high } = card;
    const left = x + 14 + wide < camera.width - 12 ? x + 14 : x - 14 - wide;
    const top = y + 14 + high < camera.height - 12 ? y + 14 : y - 14 - high;
    const clamp = (value, most) => Math.max(12, Math.min(value, most - 12));
    card.style.transform = `translate(${clamp(left, camera.width - wide)}px, ${clamp(top, camera.height - high)}px)`;
  }
}
