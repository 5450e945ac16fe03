/*
 * The dots of a large map where too many are seen to draw them in each frame: they are drawn once, into square pictures
 * (tiles) of parts of the map, which are kept and put together. At rest tiles are of the very scale that is seen; while
 * the map moves, of the nearest power of two, so that few are new in a frame.
 */
const TILE = 256; // pixels of a tile's side
const FIRST_SCALE = 256; // pixels a unit of the tiles that stand in for all others; larger ones are its doubles
const MOST_TILES = 200; // kept, or three times those that are seen
const OPAQUE = 0.996; // of alpha, beyond which nothing beneath is seen

class DotTiles {
  constructor(data, grid) {
    const sorted = (values, width = 1) => { // in the order of the grid, which a tile goes through
      const own = new values.constructor(values.length);
      grid.indices.forEach((index, at) => {
        for (let axis = 0; axis < width; axis++) own[width * at + axis] = values[width * index + axis];
      });
      return own;
    };
    Object.assign(this, { grid, sorted, points: sorted(data.points, 2), rows: sorted(data.rows), given: {} });
    this.tiles = new Map(); // by scale, column and row; those used last stand last
    this.scales = new Set();
    this.version = 0; // of what the tiles show
  }

  /** Take any of codes, colors, opacities and presence, as all dots do. */
  set({ codes, presence, ...others }) {
    Object.assign(this.given, others);
    if (codes) this.codes = this.sorted(codes);
    if (presence) this.presence = this.sorted(presence);
    this.version++;
  }

  /**
   * Draw what the camera sees; true where all is as it should be. New tiles are made for at most `patience`
   * milliseconds: while the map moves others stand in for those that are not there, at rest all come at once.
   */
  draw(context, camera, look) {
    const scale = camera.scale * look.pixelRatio, seen = [camera.x, camera.y, scale, camera.width, camera.height].join();
    const stays = seen === this.seen, end = performance.now() + (look.hasty || stays ? look.patience : Infinity);
    this.#prepare(camera, look);
    const doubled = FIRST_SCALE * 2 ** Math.max(0, Math.round(Math.log2(scale / FIRST_SCALE)));
    const own = !look.hasty || scale === this.ownScale ? scale : doubled;
    if (own === scale) this.#own(scale);
    const frame = { context, camera, look, scale: own };
    const shown = [...DotTiles.#within(own, camera.seen)];
    let whole = true;
    for (const [column, row] of shown) {
      whole = this.#tile(own, column, row, end)?.version === this.version && whole;
    }
    this.seen = seen;
    if (!look.hasty && !whole && stays) return false; // what was drawn is left until then
    context.setTransform(1, 0, 0, 1, 0, 0);
    context.globalAlpha = 1;
    context.clearRect(0, 0, context.canvas.width, context.canvas.height);
    for (const [column, row] of shown) {
      const place = DotTiles.#place(frame, own, column, row), tile = this.#tile(own, column, row, 0);
      if (tile?.canvas) context.drawImage(tile.canvas, ...place);
      else if (!tile) this.#standIn(frame, column, row, place);
    }
    const most = Math.max(MOST_TILES, 3 * shown.length);
    while (this.tiles.size > most) this.tiles.delete(this.tiles.keys().next().value);
    return whole;
  }

  /** Forget the tiles of the scale that was looked at before. */
  #own(scale) {
    if (scale === this.ownScale) return;
    for (const [key, tile] of this.tiles) if (tile.scale === this.ownScale) this.tiles.delete(key);
    this.scales.delete(this.ownScale);
    this.ownScale = scale;
  }

  /** The columns and rows of the tiles that touch a rectangle of the map. */
  static *#within(scale, [west, east, south, north]) {
    const side = TILE / scale, last = Math.ceil(2 / side) - 1, at = (value) => Math.min(last, Math.max(0, Math.floor((value + 1) / side)));
    for (let row = at(-north); row <= at(-south); row++) {
      for (let column = at(west); column <= at(east); column++) yield [column, row];
    }
  }

  /** Where a tile lies on the canvas: left, top, width and height in whole pixels, so that no seam shows. */
  static #place({ camera, look }, scale, column, row) {
    const side = TILE / scale, at = (i, j) => camera.screen(i * side - 1, 1 - j * side).map((value) => value * look.pixelRatio);
    const [west, north] = at(0, 0).map(Math.round); // tiles of the scale that is seen are not stretched
    const own = scale === camera.scale * look.pixelRatio;
    const [left, top] = own ? [west + TILE * column, north + TILE * row] : at(column, row).map(Math.round);
    const [right, bottom] = own ? [left + TILE, top + TILE] : at(column + 1, row + 1).map(Math.round);
    return [left, top, right - left, bottom - top];
  }

  /** Draw in a tile's place those of the nearest scale that has all. */
  #standIn(frame, column, row, place) {
    const { context, scale } = frame, side = TILE / scale, west = column * side - 1, north = 1 - row * side;
    const slack = side / TILE / 2, seen = [west + slack, west + side - slack, north - side + slack, north - slack];
    const far = (one) => Math.abs(Math.log(one / scale)), others = [...this.scales].filter((one) => one !== scale);
    const there = (one) => [...DotTiles.#within(one, seen)].every(([i, j]) => this.tiles.has(DotTiles.#key(one, i, j)));
    const best = others.sort((one, other) => far(one) - far(other)).find(there) ?? FIRST_SCALE;
    context.save();
    context.beginPath();
    context.rect(...place);
    context.clip();
    for (const [i, j] of DotTiles.#within(best, seen)) {
      const tile = this.#tile(best, i, j, Infinity, true);
      if (tile.canvas) context.drawImage(tile.canvas, ...DotTiles.#place(frame, best, i, j));
    }
    context.restore();
  }

  static #key(scale, column, row) { return `${scale} ${column} ${row}`; }

  /** A tile, made anew until the time is over; after that, or where any will do, an older one or undefined. */
  #tile(scale, column, row, end, any = false) {
    const key = DotTiles.#key(scale, column, row);
    let tile = this.tiles.get(key);
    if (tile?.version !== this.version && !(tile && any) && performance.now() < end) {
      tile = { scale, version: this.version, canvas: this.#made(scale, column, row, tile?.canvas) };
      this.scales.add(scale);
    }
    if (!tile) return tile;
    this.tiles.delete(key);
    this.tiles.set(key, tile);
    return tile;
  }

  /** Prepare for a look: how opaque each topic's dots are, and after which others they are drawn. */
  #prepare({ fitScale }, { opacity, emphasis, sizeAt, pixelRatio }) {
    const prepared = [this.version, opacity, emphasis, pixelRatio, fitScale].join();
    if (this.prepared === prepared) return;
    this.version++; // the number of the look, too
    this.prepared = [this.version, opacity, emphasis, pixelRatio, fitScale].join();
    const { opacities } = this.given, kinds = 3 * opacities.length;
    Object.assign(this, { sizeAt, pixelRatio, emphasis, alphas: new Float32Array(kinds), turns: new Uint8Array(kinds) });
    opacities.forEach((given, row) => {
      for (const presence of [PALE, PRESENT]) {
        const alpha = (given / 255) * (presence === PRESENT ? 1 : PALENESS), kind = 3 * row + presence;
        if (!alpha) continue;
        this.alphas[kind] = alpha * opacity;
        this.turns[kind] = 1 + Number(row > 0) + (emphasis && alpha >= FADED ? 2 : 0);
      }
    });
    this.turnsTaken = [4, 3, 2, 1].filter((turn) => this.turns.includes(turn));
  }

  /** The picture of a tile, null where nothing lies. Dots are laid beneath those that come after them. */
  #made(scale, column, row, canvas) {
    const { points, rows, codes, presence, alphas, turns, given: { colors } } = this;
    const kernels = [1, EMPHASIS_SCALE].map((larger) => dotKernel(this.sizeAt(scale / this.pixelRatio) * larger * this.pixelRatio));
    const margin = Math.max(...kernels.map(({ side }) => side)) + 1, side = TILE + 2 * margin;
    const west = (column * TILE - margin) / scale - 1, north = 1 - (row * TILE - margin) / scale, reach = side / scale;
    const pixels = this.#pixels(4 * side * side);
    let any = false;
    for (const turn of this.turnsTaken) {
      const kernel = kernels[this.emphasis && turn > 2 ? 1 : 0], { shifts, shares } = kernel.on(side), half = kernel.side / 2, most = side - kernel.side;
      this.grid.eachRun(west, west + reach, north - reach, north, (first, last) => {
        for (let at = last - 1; at >= first; at--) {
          const kind = 3 * rows[at] + presence[at];
          if (turns[kind] !== turn) continue;
          const x = Math.round((points[2 * at] - west) * scale - half), y = Math.round((north - points[2 * at + 1]) * scale - half);
          if (x < 0 || y < 0 || x > most || y > most) continue;
          any = true;
          const alpha = alphas[kind], color = 4 * codes[at], pixel = 4 * (y * side + x);
          for (let i = 0; i < shifts.length; i++) {
            const to = pixel + shifts[i], free = 1 - pixels[to + 3];
            if (free < 1 - OPAQUE) continue;
            const share = free * alpha * shares[i];
            pixels[to] += share * colors[color];
            pixels[to + 1] += share * colors[color + 1];
            pixels[to + 2] += share * colors[color + 2];
            pixels[to + 3] += share;
          }
        }
      });
    }
    if (!any) return null;
    canvas ??= make("canvas", "", { width: TILE, height: TILE });
    const picture = this.picture ??= new ImageData(TILE, TILE), { data } = picture;
    for (let y = 0, to = 0; y < TILE; y++) {
      for (let x = 0, from = 4 * ((y + margin) * side + margin); x < TILE; x++, from += 4, to += 4) {
        const alpha = pixels[from + 3];
        data[to + 3] = alpha > OPAQUE ? 255 : 255 * alpha;
        if (!alpha) continue;
        for (let k = 0; k < 3; k++) data[to + k] = pixels[from + k] / alpha;
      }
    }
    canvas.getContext("2d").putImageData(picture, 0, 0);
    return canvas;
  }

  /** Room for so many numbers, all 0. */
  #pixels(length) {
    if (this.kept?.length === length) return this.kept.fill(0);
    return (this.kept = new Float32Array(length));
  }
}

/** How a dot covers the pixels of a square about it: `on` rows of so many pixels, which places and how much of each. */
function dotKernel(across) {
  const { round, side: wide } = dotShape(across, 1), side = Math.ceil(wide), shares = [];
  for (let y = 0; y < side; y++) {
    for (let x = 0; x < side; x++) {
      const share = round ? (wide - 1) / 2 - Math.hypot(x - (side - 1) / 2, y - (side - 1) / 2) + 0.5
        : Math.min(1, wide - x) * Math.min(1, wide - y);
      shares.push([x, y, Math.min(1, share)]);
    }
  }
  const covered = shares.filter(([, , share]) => share > 0.02);
  return { side, on: (row) => ({ shifts: Int32Array.from(covered, ([x, y]) => 4 * (y * row + x)),
    shares: Float32Array.from(covered, ([, , share]) => share) }) };
}
