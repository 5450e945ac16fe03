/** The map on the screen: dots, the topics' names, rings and tooltip, drawn from the page's state and the camera. */
const FADE_TIME = 200; // milliseconds from nothing to full
const PATIENCE = 8, PATIENCE_AT_REST = 25; // milliseconds of a frame for pictures of many dots
const REST_TIME = 120; // milliseconds without movement after which everything is drawn in full

class MapView {
  constructor(data, theme, coloring, state) {
    Object.assign(this, { data, theme, coloring, state });
    this.element = document.querySelector("#map");
    this.dotCanvas = document.querySelector("#dots");
    this.labelCanvas = document.querySelector("#labels");
    this.context = this.labelCanvas.getContext("2d");
    this.camera = new Camera(data.bounds);
    this.grid = new PointGrid(data);
    this.dots = createDots(this.dotCanvas, data, this.grid);
    this.labels = new Labels(this.context, data);
    this.tooltip = new Tooltip(data);
    this.opacities = new Float32Array(data.finest).fill(1);
    this.lasso = null; // the places, in pixels, that a lasso has passed
    this.lastDrawn = 0;
    this.dotShare = 1; // of the dots, drawn while the map moves
    this.reducedMotion = matchMedia("(prefers-reduced-motion: reduce)");
    this.dots.set({ presence: state.presence });
    this.recolor();
    theme.addEventListener("change", () => this.recolor());
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
    const { rows } = this.data;
    const [x, y] = this.camera.world(left, top);
    const nearest = (accept) => this.grid.nearest(x, y, radius / this.camera.scale, accept);
    const { selectedTopic } = this.state, family = selectedTopic === null ? null : this.data.family(selectedTopic);
    const found = nearest((index) => this.isShown(index, PRESENT) && (!family || family.has(rows[index])));
    return found < 0 && !family ? nearest((index) => this.isShown(index, PALE)) : found;
  }

  /** The documents drawn in full within a polygon of places of the screen, in the order of lists. */
  documentsWithin(places) {
    const { data, camera } = this, corners = places.map(([left, top]) => camera.world(left, top));
    const inside = (x, y) => corners.reduce((odd, [x1, y1], i) => {
      const [x2, y2] = corners[(i || corners.length) - 1]; // a ray to the right crosses the edge: Shimrat 1962
      return odd !== (y1 > y !== y2 > y && x < ((x2 - x1) * (y - y1)) / (y2 - y1) + x1);
    }, false);
    const [xs, ys] = [0, 1].map((axis) => corners.map((corner) => corner[axis]));
    const [west, east, south, north] = [Math.min(...xs), Math.max(...xs), Math.min(...ys), Math.max(...ys)];
    const family = this.state.selectedTopic === null ? null : data.family(this.state.selectedTopic);
    return [...data.rows.keys()].filter((index) => {
      const [x, y] = data.place(index);
      return x >= west && x <= east && y >= south && y <= north && this.isShown(index, PRESENT)
        && (!family || family.has(data.rows[index])) && inside(x, y);
    });
  }

  /** Whether a document is drawn at all (PALE), or in full (PRESENT). */
  isShown(index, presence) {
    const { state, data } = this;
    return state.presence[index] >= presence && (state.outliersShown || data.rows[index] !== 0);
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
    const tools = find("#map-tools"), timeline = find("#timeline");
    const top = tools.offsetTop + tools.offsetHeight, bottom = timeline.hidden ? 0 : height - timeline.offsetTop;
    Object.assign(camera, { width, height, top, bottom });
    camera.scale = zoom * camera.fitScale;
    if (zoom === 1) Object.assign(camera, camera.whole());
    this.pixelRatio = Math.min(devicePixelRatio || 1, 2);
    for (const canvas of [this.dotCanvas, this.labelCanvas]) {
      canvas.width = Math.round(width * this.pixelRatio);
      canvas.height = Math.round(height * this.pixelRatio);
    }
    this.dotsDrawn = null;
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
    const dotsFading = this.#fadeDots(this.dots.blends ? step : 1);
    const moving = flying || dotsFading || this.moving;
    this.#adaptDotShare(moving, elapsed);
    const whole = this.#drawDots(moving);
    context.setTransform(pixelRatio, 0, 0, pixelRatio, 0, 0);
    context.clearRect(0, 0, camera.width, camera.height);
    const emphasised = this.#emphasisedTopics();
    this.labels.arrange(camera, emphasised, this.#calledTopics());
    const labelsFading = this.labels.fade(camera, emphasised, step);
    this.labels.draw(context, camera, this.theme, this.coloring.isOfTopics(state.colorBy));
    this.#drawRing(state.selectedDocument);
    this.#drawRing(state.hovered);
    this.#drawLasso();
    const described = state.hovered >= 0 ? state.hovered : state.selectedDocument;
    this.tooltip.show(described, camera, this.colorOf(described));
    if (flying || dotsFading || labelsFading || !whole) this.redraw();
  }

  /** Draw the dots; true where nothing of them is left for the next frame. */
  #drawDots(moving, patience = moving ? PATIENCE : PATIENCE_AT_REST) {
    const { state, pixelRatio } = this;
    const emphasis = state.selectedTopic !== null || state.emphasis;
    const share = moving ? this.dotShare : 1;
    const hasty = moving && this.data.size > FEWEST_DOTS;
    const { x, y, scale } = this.camera, drawn = [x, y, scale, share, hasty, emphasis, this.dots.version].join();
    if (this.dotsDrawn === drawn) return true; // only what lies over them has changed
    const look = { size: this.dotSize, sizeAt: (at) => this.#dotSizeAt(at), opacity: this.dotOpacity, emphasis };
    const whole = this.dots.draw(this.camera, { ...look, pixelRatio, share, hasty, patience });
    this.dotsDrawn = whole ? drawn : null;
    return whole;
  }

  /** What is seen now, as a new canvas. */
  picture() {
    const { dotCanvas, camera, pixelRatio, theme } = this;
    const canvas = make("canvas", "", { width: dotCanvas.width, height: dotCanvas.height });
    const context = canvas.getContext("2d");
    context.fillStyle = theme.background;
    context.fillRect(0, 0, canvas.width, canvas.height);
    this.dotsDrawn = null;
    this.#drawDots(false, Infinity);
    context.drawImage(dotCanvas, 0, 0); // within the frame in which it was drawn: later it may be empty
    context.setTransform(pixelRatio, 0, 0, pixelRatio, 0, 0);
    this.labels.draw(context, camera, theme, this.coloring.isOfTopics(this.state.colorBy));
    return canvas;
  }

  /** The topics whose names matter most now, or null where all do alike. */
  #emphasisedTopics() {
    const { selectedTopic, matchingTopics } = this.state;
    return selectedTopic === null ? matchingTopics : this.data.family(selectedTopic);
  }

  /** The topics whose names are seen at every zoom. */
  #calledTopics() {
    const { selectedTopic, matchingTopics } = this.state;
    return selectedTopic === null ? matchingTopics : selectedTopic < this.data.finest ? new Set([selectedTopic]) : null;
  }

  /** Give the dots the colours that the state asks for. */
  recolor() {
    this.dots.set({ codes: this.coloring.codesOf(this.state.colorBy) });
    const colors = this.coloring.colorsOf(this.state.colorBy, this.theme);
    const rgba = new Uint8Array(4 * colors.length);
    colors.forEach((color, code) => {
      const value = parseInt(color.slice(1), 16);
      rgba.set([value >> 16, (value >> 8) & 255, value & 255, 255], 4 * code);
    });
    this.dots.set({ colors: rgba });
    this.redraw();
  }

  /** The colour of a document's dot; none for -1. */
  colorOf(index) { return index < 0 ? "" : this.coloring.colorOf(this.state.colorBy, index, this.theme); }

  /** Move each topic's opacity towards what the state asks for; true while one has further to go. */
  #fadeDots(step) {
    const family = this.state.selectedTopic === null ? null : this.data.family(this.state.selectedTopic);
    let fading = false, moved = !this.opacitiesGiven;
    this.opacities.forEach((opacity, row) => {
      const gap = Math.fround(this.#goalOpacity(row, family)) - opacity;
      if (!gap) return;
      moved = true;
      this.opacities[row] += Math.abs(gap) > step ? Math.sign(gap) * step : gap;
      fading ||= Math.abs(gap) > step;
    });
    if (moved) this.dots.set({ opacities: Uint8Array.from(this.opacities, (opacity) => Math.round(255 * opacity)) });
    this.opacitiesGiven = true;
    return fading;
  }

  #goalOpacity(row, family) {
    if (row === 0 && !this.state.outliersShown) return 0;
    if (!family) return row === 0 && this.state.colorBy === "topic" ? 0.75 : 1;
    return family.has(row) ? 1 : row === 0 ? 0.14 : 0.22;
  }

  /** Draw fewer dots while the map moves on a machine that is too slow for all of them. */
  #adaptDotShare(moving, elapsed) {
    const least = Math.min(1, FEWEST_DOTS / this.data.size);
    if (moving && this.wasMoving && elapsed > 30) this.dotShare = Math.max(least, 0.7 * this.dotShare);
    else if (moving && this.wasMoving && elapsed < 20) this.dotShare = Math.min(1, 1.05 * this.dotShare);
    this.wasMoving = moving;
  }

  /** Pixels across a dot: fewer where there are many dots, more on a closer look. */
  get dotSize() { return this.#dotSizeAt(this.camera.scale); }

  #dotSizeAt(scale) {
    const { width, height, fitScale } = this.camera, zoom = scale / fitScale;
    const base = Math.min(16, Math.max(2.4, 34 / this.data.size ** 0.23)) * (Math.min(width, height) / 900) ** 0.7;
    return Math.max(1.6, base) * Math.min(3.2, Math.max(1, zoom) ** 0.38);
  }

  get dotOpacity() { return Math.min(0.9, Math.max(0.68, 1.18 - 0.1 * Math.log10(this.data.size))); }

  /** Draw a document's dot anew, with a ring about it; nothing for -1. */
  #drawRing(index) {
    if (index < 0 || !this.isShown(index, PALE)) return;
    const { context, theme } = this;
    const [x, y] = this.camera.screen(...this.data.place(index));
    context.beginPath();
    context.arc(x, y, Math.max(4, this.dotSize / 2 + 1), 0, 7);
    context.fillStyle = this.colorOf(index);
    context.fill();
    context.lineWidth = 4.5;
    context.strokeStyle = theme.background;
    context.stroke();
    context.lineWidth = 2;
    context.strokeStyle = theme.text;
    context.stroke();
  }
  #drawLasso() {
    if (!this.lasso) return;
    const { context, theme } = this;
    context.beginPath();
    for (const place of this.lasso) context.lineTo(...place);
    context.closePath();
    context.fillStyle = context.strokeStyle = theme.text;
    context.globalAlpha = 0.08;
    context.fill("evenodd");
    context.globalAlpha = 1;
    context.lineWidth = 1.5;
    context.setLineDash([5, 4]);
    context.stroke();
    context.setLineDash([]);
  }
}
