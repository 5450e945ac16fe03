/** What part of the map is seen: its middle (x, y), in the map's units, and `scale`, pixels a unit. */
class Camera {
  /**
   * `bounds`: how far the map reaches from its middle, { x, y }. `width` and `height` of the screen are set later, and how
   * many pixels of it are covered at its `top` and `bottom`.
   */
  constructor(bounds) {
    Object.assign(this, { bounds, x: 0, y: 0, scale: 1, width: 1, height: 1, top: 0, bottom: 0, flight: null });
  }

  /** Pixels from the top to the bottom that nothing covers. */
  get freeHeight() { return Math.max(this.height / 2, this.height - this.top - this.bottom); }

  /** Scale at which the whole map fits. */
  get fitScale() { return 0.46 * Math.min(this.width / this.bounds.x, this.freeHeight / this.bounds.y); }
  get zoom() { return this.scale / this.fitScale; }
  clampScale(scale) { return Math.min(Math.max(scale, 0.6 * this.fitScale), 400 * this.fitScale); }

  /** The place on the screen, in pixels from its left and top, of a place on the map. */
  screen(x, y) {
    return [this.width / 2 + (x - this.x) * this.scale, this.height / 2 - (y - this.y) * this.scale];
  }

  /** The place on the map of a place on the screen. */
  world(left, top) {
    return [this.x + (left - this.width / 2) / this.scale, this.y - (top - this.height / 2) / this.scale];
  }

  /** What is seen of the map: west, east, south and north. */
  get seen() {
    const [west, north] = this.world(0, 0), [east, south] = this.world(this.width, this.height);
    return [west, east, south, north];
  }

  pan(right, down) {
    this.flight = null;
    this.x -= right / this.scale;
    this.y += down / this.scale;
    this.#keepInside();
  }

  /** Zoom so that what lies under a place of the screen stays there. */
  zoomAt(left, top, factor) {
    this.flight = null;
    const [x, y] = this.world(left, top);
    this.scale = this.clampScale(this.scale * factor);
    this.x = x - (left - this.width / 2) / this.scale;
    this.y = y + (top - this.height / 2) / this.scale;
    this.#keepInside();
  }

  /** The view that has a place in the middle of what nothing covers. */
  #view(x, y, scale) { return { x, y: y + (this.top - this.bottom) / 2 / scale, scale }; }

  /** The view of the whole map. */
  whole() { return this.#view(0, 0, this.fitScale); }

  /** The view of a rectangle with its neighbourhood. */
  around({ x: [west, east], y: [south, north] }) {
    const wide = 2.8 * Math.max(east - west, 0.02), high = 2.8 * Math.max(north - south, 0.02);
    const scale = Math.min(this.width / wide, this.freeHeight / high, 10 * this.fitScale); // neighbours stay in view
    return this.#view((west + east) / 2, (south + north) / 2, Math.max(scale, this.fitScale));
  }

  /**
   * Start a smooth flight to a view { x, y, scale }: far flights rise before they descend.
   * Source: van Wijk and Nuij, "Smooth and efficient zooming and panning", InfoVis 2003, with rho = 1.4.
   */
  flyTo(view, now) {
    if (matchMedia("(prefers-reduced-motion: reduce)").matches) return Object.assign(this, view, { flight: null });
    const rho = 1.4, screen = Math.min(this.width, this.height);
    const w0 = screen / this.scale, w1 = screen / view.scale;
    const dx = view.x - this.x, dy = view.y - this.y, u1 = Math.hypot(dx, dy);
    const from = { x: this.x, y: this.y };
    let at, length;
    if (u1 < 1e-6) {
      length = Math.abs(Math.log(w1 / w0)) / rho;
      at = (s) => ({ ...from, w: w0 * Math.exp(Math.sign(w1 - w0) * rho * s) });
    } else {
      const b = (w, v, sign) => (w1 * w1 - w0 * w0 + sign * rho ** 4 * u1 * u1) / (2 * w * rho * rho * u1);
      const r0 = Math.asinh(-b(w0, w1, 1)), r1 = Math.asinh(-b(w1, w0, -1));
      length = (r1 - r0) / rho;
      at = (s) => {
        const u = (w0 / (rho * rho * u1)) * (Math.cosh(r0) * Math.tanh(rho * s + r0) - Math.sinh(r0));
        return { x: from.x + u * dx, y: from.y + u * dy, w: (w0 * Math.cosh(r0)) / Math.cosh(rho * s + r0) };
      };
    }
    const duration = Math.min(1400, Math.max(250, 420 * length));
    this.flight = { at, length, view, screen, start: now, duration };
    return this;
  }

  /** Move on; true while there is further to go. */
  step(now) {
    if (!this.flight) return false;
    const { at, length, view, screen, start, duration } = this.flight;
    const t = Math.min(1, Math.max(0, (now - start) / duration));
    if (t === 1) {
      Object.assign(this, view, { flight: null });
      return false;
    }
    const { x, y, w } = at(length * (t < 0.5 ? 2 * t * t : 1 - 2 * (1 - t) ** 2));
    Object.assign(this, { x, y, scale: screen / w });
    return true;
  }

  #keepInside() {
    this.x = Math.min(Math.max(this.x, -this.bounds.x), this.bounds.x);
    this.y = Math.min(Math.max(this.y, -this.bounds.y), this.bounds.y);
  }
}
