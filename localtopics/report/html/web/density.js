/*
 * Dots added up instead of drawn one by one, where there are too many of them: square pictures (tiles) of parts of the
 * map, made when they are first seen and kept. A tile shows what dots drawn in random order come to on the average: of n
 * dots of alpha a over a pixel 1 - (1 - a)^n is covered, in the mean of their colours. So the map looks the same when it
 * goes over to dots. Of level l, 2^l tiles go from the map's west to its east.
 */
const TILE = 256; // pixels of a tile's side
const FINEST_LEVEL = 12;
const MOST_TILES = 200; // kept
const SUMS = 4; // of a pixel: minus the logarithm of what shows through, and red, green and blue weighted with it
const OPAQUE = 8, OPACITY_STEPS = 1024; // beyond e^-8 nothing shows through

class Density {
  constructor(data, grid) {
    const { size, points, rows } = data;
    Object.assign(this, { data, grid, tiles: new Map(), version: 0 });
    const inCells = (values, width = 1) => { // in the order of the grid, as tiles read them
      const sorted = new values.constructor(values.length);
      grid.indices.forEach((index, at) => {
        for (let axis = 0; axis < width; axis++) sorted[width * at + axis] = values[width * index + axis];
      });
      return sorted;
    };
    Object.assign(this, { inCells, points: inCells(points, 2), rows: inCells(rows), codes: null, presence: null });
    this.covered = Uint8ClampedArray.from({ length: OPACITY_STEPS + 1 }, (_, i) => 255 * (1 - Math.exp((-OPAQUE * i) / OPACITY_STEPS)));
    this.size = size;
  }

  /** Take any of codes, colors, opacities and presence, as the dots do. */
  set({ codes, colors, opacities, presence }) {
    if (codes) this.codes = this.inCells(codes);
    if (presence) this.presence = this.inCells(presence);
    Object.assign(this, { colors: colors ?? this.colors, opacities: opacities ?? this.opacities });
    this.version++;
  }

  /**
   * Draw what the camera sees; `sizeAt` tells pixels across a dot by the scale. Of tiles that are not there new ones are
   * made for at most `patience` milliseconds, and others stand in for the rest. True where all are as they should be.
   */
  draw(context, camera, look) {
    const { pixelRatio, patience } = look, scale = camera.scale * pixelRatio, end = performance.now() + patience;
    const level = Math.min(FINEST_LEVEL, Math.max(0, Math.round(Math.log2((2 * scale) / TILE)))), count = 2 ** level;
    this.#use(look, camera.fitScale);
    context.setTransform(1, 0, 0, 1, 0, 0);
    const [west, east, south, north] = camera.seen;
    const tileAt = (value) => Math.min(count - 1, Math.max(0, Math.floor(((value + 1) / 2) * count)));
    let whole = true;
    this.#tile(0, 0, 0, Infinity); // stands in for all that are not there
    for (let row = tileAt(-north); row <= tileAt(-south); row++) {
      for (let column = tileAt(west); column <= tileAt(east); column++) {
        const place = Density.#place(camera, pixelRatio, level, column, row);
        const tile = this.#tile(level, column, row, end);
        whole &&= tile?.version === this.version;
        if (tile) Density.#paint(context, tile, place, 0, 0, TILE);
        else this.#standIn(context, camera, pixelRatio, level, column, row, place);
      }
    }
    while (this.tiles.size > MOST_TILES) this.tiles.delete(this.tiles.keys().next().value);
    return whole;
  }

  /** Where a tile lies on the canvas: left, top, width and height in whole pixels, so that no seam shows. */
  static #place(camera, pixelRatio, level, column, row) {
    const side = 2 / 2 ** level;
    const [left, top] = camera.screen(column * side - 1, 1 - row * side).map((value) => Math.round(value * pixelRatio));
    const [right, bottom] = camera.screen((column + 1) * side - 1, 1 - (row + 1) * side).map((value) => Math.round(value * pixelRatio));
    return [left, top, right - left, bottom - top];
  }

  static #paint(context, tile, place, left, top, side) {
    if (tile.canvas) context.drawImage(tile.canvas, left, top, side, side, ...place);
  }

  /** The part of a coarser tile, and over it those of finer ones that are there. */
  #standIn(context, camera, pixelRatio, level, column, row, place) {
    for (let up = 1; up <= level; up++) {
      const tile = this.tiles.get(Density.#key(level - up, column >> up, row >> up)), parts = 2 ** up, side = TILE / parts;
      if (!tile) continue;
      Density.#paint(context, tile, place, (column % parts) * side, (row % parts) * side, side);
      break;
    }
    for (const [right, down] of [[0, 0], [1, 0], [0, 1], [1, 1]]) {
      const tile = this.tiles.get(Density.#key(level + 1, 2 * column + right, 2 * row + down));
      if (!tile) continue;
      const part = Density.#place(camera, pixelRatio, level + 1, 2 * column + right, 2 * row + down);
      context.clearRect(...part);
      Density.#paint(context, tile, part, 0, 0, TILE);
    }
  }

  static #key(level, column, row) { return (level * 2 ** 13 + row) * 2 ** 13 + column; }

  /** The tile, made anew while there is time; an older one or undefined after that. */
  #tile(level, column, row, end) {
    const key = Density.#key(level, column, row);
    let tile = this.tiles.get(key);
    if (tile?.version !== this.version && performance.now() < end) {
      tile = { version: this.version, canvas: this.#made(level, column, row, tile?.canvas) };
    }
    if (!tile) return tile;
    this.tiles.delete(key); // those used last stand last
    this.tiles.set(key, tile);
    return tile;
  }

  /** Prepare for a look: how much each topic's dots cover, and in which of two layers they lie. */
  #use({ opacity, emphasis, sizeAt, pixelRatio }, fitScale) {
    const used = [this.version, opacity, emphasis, pixelRatio, fitScale].join();
    if (this.used === used) return;
    const { opacities } = this, weights = new Float32Array(3 * opacities.length), over = new Uint8Array(3 * opacities.length);
    opacities.forEach((given, row) => {
      for (const level of [PALE, PRESENT]) {
        const alpha = (given / 255) * (level === PRESENT ? 1 : PALENESS);
        weights[3 * row + level] = -Math.log(1 - Math.min(0.999, alpha * opacity));
        over[3 * row + level] = emphasis ? Number(alpha >= FADED) : Number(row > 0);
      }
    });
    if (this.used) this.version++;
    Object.assign(this, { weights, over, emphasis, sizeAt, pixelRatio });
    this.used = [this.version, opacity, emphasis, pixelRatio, fitScale].join();
  }

  /** The picture of a tile, null where nothing lies. */
  #made(level, column, row, canvas) {
    const { grid, points, rows, codes, presence, weights, over, colors, emphasis, pixelRatio } = this;
    const scale = (TILE / 2) * 2 ** level, dot = this.sizeAt(scale / pixelRatio) * pixelRatio;
    const sizes = [dot, emphasis ? dot * EMPHASIS_SCALE : dot]; // of the layers beneath and above
    const margin = Math.ceil(sizes[1] / 2) + 1, side = TILE + 2 * margin, layers = [0, 1].map((layer) => this.#sums(layer, side));
    const west = (column * TILE - margin) / scale - 1, north = 1 - (row * TILE - margin) / scale, reach = side / scale;
    const seen = [false, false];
    grid.eachRun(west, west + reach, north - reach, north, (first, last) => {
      for (let at = first; at < last; at++) {
        const kind = 3 * rows[at] + presence[at], weight = weights[kind];
        if (!weight || !presence[at]) continue;
        const x = Math.floor((points[2 * at] - west) * scale), y = Math.floor((north - points[2 * at + 1]) * scale);
        if (x < 0 || y < 0 || x >= side || y >= side) continue;
        const sums = layers[over[kind]], pixel = SUMS * (y * side + x), color = 4 * codes[at];
        seen[over[kind]] = true;
        sums[pixel] += weight;
        sums[pixel + 1] += weight * colors[color];
        sums[pixel + 2] += weight * colors[color + 1];
        sums[pixel + 3] += weight * colors[color + 2];
      }
    });
    if (!seen[0] && !seen[1]) return null;
    layers.forEach((sums, layer) => seen[layer] && this.#spread(sums, side, sizes[layer]));
    canvas ??= make("canvas", "", { width: TILE, height: TILE });
    const context = canvas.getContext("2d"), picture = this.picture ??= new ImageData(TILE, TILE);
    this.#compose(picture.data, layers, seen, side, margin);
    context.putImageData(picture, 0, 0);
    return canvas;
  }

  /** The sums of a layer, all 0. */
  #sums(layer, side) {
    const length = SUMS * side * side;
    this.kept ??= [];
    if (this.kept[layer]?.length === length) this.kept[layer].fill(0);
    else this.kept[layer] = new Float32Array(length);
    return this.kept[layer];
  }

  /** Spread each pixel's sums over a square of so many pixels: along the rows, then along the columns. */
  #spread(sums, side, width) {
    const line = new Float32Array(SUMS * side), whole = Math.max(0, Math.floor((width - 1) / 2)), rest = Math.min(1, (width - 1) / 2 - whole);
    for (const [step, stride] of [[SUMS, SUMS * side], [SUMS * side, SUMS]]) {
      for (let start = 0; start < side; start++) {
        const from = start * stride;
        let any = false;
        for (let i = 0, at = from; i < side; i++, at += step) {
          for (let k = 0; k < SUMS; k++) line[SUMS * i + k] = sums[at + k];
          any ||= sums[at] > 0;
        }
        if (!any) continue;
        for (let k = 0; k < SUMS; k++) {
          let within = 0;
          for (let i = 0; i < whole; i++) within += line[SUMS * i + k];
          for (let i = 0, at = from + k; i < side; i++, at += step) {
            if (i + whole < side) within += line[SUMS * (i + whole) + k];
            if (i - whole > 0) within -= line[SUMS * (i - whole - 1) + k];
            const before = i - whole - 1, after = i + whole + 1;
            sums[at] = within + rest * ((before >= 0 ? line[SUMS * before + k] : 0) + (after < side ? line[SUMS * after + k] : 0));
          }
        }
      }
    }
  }

  /** Lay one layer over the other. */
  #compose(pixels, [beneath, above], [hasBeneath, hasAbove], side, margin) {
    const { covered } = this, steps = OPACITY_STEPS / OPAQUE;
    const share = (weight) => (weight > 1e-6 ? covered[Math.min(OPACITY_STEPS, Math.round(weight * steps))] / 255 : 0);
    for (let y = 0, at = 0; y < TILE; y++) {
      let from = SUMS * ((y + margin) * side + margin);
      for (let x = 0; x < TILE; x++, at += 4, from += SUMS) {
        const high = hasAbove ? share(above[from]) : 0, low = hasBeneath ? share(beneath[from]) * (1 - high) : 0, all = high + low;
        pixels[at + 3] = 255 * all;
        if (!all) continue;
        const ofHigh = high ? high / all / above[from] : 0, ofLow = low ? low / all / beneath[from] : 0;
        for (let k = 0; k < 3; k++) {
          pixels[at + k] = (ofHigh ? ofHigh * above[from + 1 + k] : 0) + (ofLow ? ofLow * beneath[from + 1 + k] : 0);
        }
      }
    }
  }
}
