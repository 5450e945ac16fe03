/** Finds the dot under the pointer: documents sorted into the cells of a grid over the map. */
class PointGrid {
  constructor(data) {
    const { points, size } = data;
    this.data = data;
    this.side = Math.min(512, Math.max(1, Math.ceil(Math.sqrt(size / 3))));
    const cells = new Uint32Array(size);
    this.starts = new Uint32Array(this.side ** 2 + 1);
    for (let i = 0; i < size; i++) {
      cells[i] = this.#cell(points[2 * i]) + this.side * this.#cell(points[2 * i + 1]);
      this.starts[cells[i] + 1]++;
    }
    for (let cell = 0; cell < this.side ** 2; cell++) this.starts[cell + 1] += this.starts[cell];
    const next = this.starts.slice();
    this.indices = new Uint32Array(size);
    for (let i = 0; i < size; i++) this.indices[next[cells[i]]++] = i;
  }

  #cell(value) { return Math.min(this.side - 1, Math.max(0, Math.floor(((value + 1) / 2) * this.side))); }

  /** The nearest document within `radius`, in the units of the map, that `accept` takes; -1 where there is none. */
  nearest(x, y, radius, accept) {
    const { points } = this.data;
    let best = radius * radius, found = -1;
    for (let row = this.#cell(y - radius); row <= this.#cell(y + radius); row++) {
      const first = this.starts[row * this.side + this.#cell(x - radius)];
      const last = this.starts[row * this.side + this.#cell(x + radius) + 1];
      for (let i = first; i < last; i++) {
        const index = this.indices[i];
        const distance = (points[2 * index] - x) ** 2 + (points[2 * index + 1] - y) ** 2;
        if (distance < best && accept(index)) [best, found] = [distance, index];
      }
    }
    return found;
  }
}
