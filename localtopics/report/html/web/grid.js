/** Finds the dots at a place: documents sorted into the cells of a grid over the map. */
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

  /** Pass on the runs in `indices`, from the first to before the last, of the cells that touch a rectangle. */
  eachRun(west, east, south, north, take) {
    for (let row = this.#cell(south); row <= this.#cell(north); row++) {
      take(this.starts[row * this.side + this.#cell(west)], this.starts[row * this.side + this.#cell(east) + 1]);
    }
  }

  /** How many documents lie about what a camera sees. */
  countIn(camera) {
    let count = 0;
    this.eachRun(...camera.seen, (first, last) => { count += last - first; });
    return count;
  }

  /** The documents that lie about what a camera sees, by the rows of their topics. */
  membersIn(camera) {
    const { rows, finest } = this.data, members = Array.from({ length: finest }, () => []);
    this.eachRun(...camera.seen, (first, last) => {
      for (let i = first; i < last; i++) members[rows[this.indices[i]]].push(this.indices[i]);
    });
    return members;
  }

  /** The nearest document within `radius`, in the units of the map, that `accept` takes; -1 where there is none. */
  nearest(x, y, radius, accept) {
    const { points } = this.data;
    let best = radius * radius, found = -1;
    this.eachRun(x - radius, x + radius, y - radius, y + radius, (first, last) => {
      for (let i = first; i < last; i++) {
        const index = this.indices[i];
        const distance = (points[2 * index] - x) ** 2 + (points[2 * index + 1] - y) ** 2;
        if (distance < best && accept(index)) [best, found] = [distance, index];
      }
    });
    return found;
  }
}
