/** The map on the screen: dots, the topics' names, rings and tooltip, drawn from the page's state and the camera. */
const FADE_TIME = 200; // milliseconds from nothing to full
const REST_TIME = 120; // milliseconds without movement after which everything is drawn in full
const FEWEST_DOTS = 20000; // drawn even on a slow machine

class MapView {
  constructor(data, theme, state) {
    Object.assign(this, { data, theme, state });
    this.element = document.querySelector("#map");
    this.dotCanvas = document.querySelector("#dots");
    this.labelCanvas = document.querySelector("#labels");
    this.context = this.labelCanvas.getContext("2d");
    this.camera = new Camera(data.bounds);
    this.dots = createDots(this.dotCanvas, data);
    this.grid = new PointGrid(data);
    this.labels = new Labels(this.context, data);
    this.tooltip = new Tooltip(data);
    this.opacities = new Float32Array(data.topics.length).fill(1);
    this.lastDrawn = 0;
    this.dotShare = 1; // of the dots, drawn while the map moves
    this.reducedMotion = matchMedia("(prefers-reduced-motion: reduce)");
    theme.addEventListener("change", () => this.redraw());
    this.dotCanvas.addEventListener("redraw", () => this.redraw());
    new ResizeObserver(() => this.#resize()).observe(this.element);
    this.#resize();
  }

  // Where the map is looked at

  pan(right, down) {
    this.camera.pan(right, down);
    this.#noteMovement();
  }

  /** Zoom at once; what lies under a place of the screen stays there. */
  zoomAt(left, top, factor) {
    this.camera.zoomAt(left, top, factor);
    this.#noteMovement();
  }

  /** Fly nearer or away; the middle stays where it is. */
  zoomBy(factor) {
    const { camera } = this;
    this.flyTo({ x: camera.x, y: camera.y, scale: camera.clampScale(camera.scale * factor) });
  }

  showAll() { this.flyTo(this.camera.whole()); }
  showTopic(row) { this.flyTo(this.camera.around(this.data.extent(row))); }

  showDocument(index) {
    const [x, y] = this.data.place(index);
    this.flyTo({ x, y, scale: Math.max(this.camera.scale, 4 * this.camera.fitScale) });
  }

  flyTo(target) {
    this.camera.flyTo(target, performance.now());
    this.redraw();
  }

  /** Draw now, and once more in full when the movement has come to rest. */
  #noteMovement() {
    this.moving = true;
    this.redraw();
    clearTimeout(this.restTimer);
    this.restTimer = setTimeout(() => {
      this.moving = false;
      this.redraw();
    }, REST_TIME);
  }

  // What lies under a place of the screen

  /** The document within `radius` pixels, or -1: only what is drawn, and the emphasised before the faded. */
  documentAt(left, top, radius) {
    const { selectedTopic, outliersShown, matches } = this.state;
    const { rows } = this.data;
    const [x, y] = this.camera.world(left, top);
    const shown = (index) => outliersShown || rows[index] !== 0;
    const emphasised = (index) =>
      (selectedTopic === null || rows[index] === selectedTopic) && (!matches || matches[index]);
    const nearest = (accept) => this.grid.nearest(x, y, radius / this.camera.scale, accept);
    const found = nearest((index) => shown(index) && emphasised(index));
    return found < 0 && selectedTopic === null ? nearest(shown) : found;
  }

  /** The topic whose name lies there, or null. */
  topicAt(left, top) { return this.labels.at(left, top); }

  // Drawing

  redraw() {
    this.frame ??= requestAnimationFrame((now) => this.#draw(now));
  }

  #resize() {
    const { width, height } = this.element.getBoundingClientRect();
    if (!width || !height) return;
    const { camera } = this;
    const zoom = this.pixelRatio ? camera.zoom : 1; // the same part of the map stays in view
    Object.assign(camera, { width, height });
    camera.scale = zoom * camera.fitScale;
    this.pixelRatio = Math.min(devicePixelRatio || 1, 2);
    for (const canvas of [this.dotCanvas, this.labelCanvas]) {
      canvas.width = Math.round(width * this.pixelRatio);
      canvas.height = Math.round(height * this.pixelRatio);
    }
    this.#draw(performance.now()); // at once: setting the size has wiped the canvases
  }

  #draw(now) {
    cancelAnimationFrame(this.frame);
    this.frame = null;
    const { camera, context, state, pixelRatio } = this;
    const elapsed = now - this.lastDrawn;
    const step = !this.lastDrawn || this.reducedMotion.matches ? 1 : Math.min(50, elapsed) / FADE_TIME;
    this.lastDrawn = now;
    const flying = camera.step(now);
    const dotsFading = this.#fadeDots(step);
    const moving = flying || dotsFading || this.moving;
    this.#adaptDotShare(moving, elapsed);
    this.dots.draw(camera, {
      size: this.#dotSize(),
      opacity: this.#dotOpacity(),
      emphasis: state.selectedTopic !== null || state.matches?.includes(1),
      pixelRatio,
      share: moving ? this.dotShare : 1,
    });
    context.setTransform(pixelRatio, 0, 0, pixelRatio, 0, 0);
    context.clearRect(0, 0, camera.width, camera.height);
    const emphasised = this.#emphasisedTopics();
    this.labels.arrange(camera, emphasised);
    const labelsFading = this.labels.draw(camera, { emphasised, theme: this.theme, step });
    this.#drawRing(state.selectedDocument);
    this.#drawRing(state.hovered);
    const described = state.hovered >= 0 ? state.hovered : state.selectedDocument;
    this.tooltip.show(described, camera, this.theme.dotColors[this.data.rows[described]]);
    if (flying || dotsFading || labelsFading) this.redraw();
  }

  /** The topics whose names matter most now, or null where all do alike. */
  #emphasisedTopics() {
    const { selectedTopic, matchingTopics } = this.state;
    return selectedTopic === null ? matchingTopics : new Set([selectedTopic]);
  }

  /** Move each topic's opacity towards what the state asks for; true while one has further to go. */
  #fadeDots(step) {
    let fading = false;
    this.opacities.forEach((opacity, row) => {
      const goal = this.#goalOpacity(row), gap = goal - opacity;
      this.opacities[row] = Math.abs(gap) > step ? opacity + Math.sign(gap) * step : goal;
      fading ||= Math.abs(gap) > step;
    });
    const colors = this.theme.dotColors;
    const given = `${this.opacities.join()} ${colors[0]}`;
    if (given !== this.givenColors) {
      this.givenColors = given;
      const rgba = new Uint8Array(4 * colors.length);
      colors.forEach((color, row) => {
        const value = parseInt(color.slice(1), 16);
        rgba.set([value >> 16, (value >> 8) & 255, value & 255, Math.round(255 * this.opacities[row])], 4 * row);
      });
      this.dots.setColors(rgba);
    }
    return fading;
  }

  #goalOpacity(row) {
    const { selectedTopic, outliersShown } = this.state;
    if (row === 0 && !outliersShown) return 0;
    if (selectedTopic === null) return row === 0 ? 0.75 : 1;
    return row === selectedTopic ? 1 : row === 0 ? 0.14 : 0.22;
  }

  /** Draw fewer dots while the map moves on a machine that is too slow for all of them. */
  #adaptDotShare(moving, elapsed) {
    const least = Math.min(1, FEWEST_DOTS / this.data.size);
    if (moving && this.wasMoving && elapsed > 30) this.dotShare = Math.max(least, 0.7 * this.dotShare);
    else if (moving && this.wasMoving && elapsed < 20) this.dotShare = Math.min(1, 1.05 * this.dotShare);
    this.wasMoving = moving;
  }

  /** Pixels across a dot: fewer where there are many dots, more on a closer look. */
  #dotSize() {
    const { width, height, zoom } = this.camera;
    const base = Math.min(16, Math.max(2.4, 34 / this.data.size ** 0.23)) * (Math.min(width, height) / 900) ** 0.7;
    return Math.max(1.6, base) * Math.min(3.2, Math.max(1, zoom) ** 0.38);
  }

  #dotOpacity() { return Math.min(0.9, Math.max(0.68, 1.18 - 0.1 * Math.log10(this.data.size))); }

  /** Draw a document's dot anew, with a ring about it; nothing for -1. */
  #drawRing(index) {
    if (index < 0) return;
    const { context, theme } = this;
    const [x, y] = this.camera.screen(...this.data.place(index));
    context.beginPath();
    context.arc(x, y, Math.max(4, this.#dotSize() / 2 + 1), 0, 7);
    context.fillStyle = theme.dotColors[this.data.rows[index]];
    context.fill();
    context.lineWidth = 4.5;
    context.strokeStyle = theme.background;
    context.stroke();
    context.lineWidth = 2;
    context.strokeStyle = theme.text;
    context.stroke();
  }
}
