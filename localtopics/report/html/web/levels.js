/** Which topics' names stand on the map at a zoom: the coarse ones far out, the fine ones close by. */
const ROOM = 80; // pixels that a topic of a level is apart from its nearest where their names have room
const SLACK = 1.12; // a level gives way only so much later than it came, so that none flickers

class Levels {
  constructor(data) {
    this.data = data;
    this.coarsest = Math.max(...data.topics.map((topic) => topic.level));
    this.covers = Array.from({ length: this.coarsest + 1 }, (_, level) => new Set(this.#cover(level)));
    this.spacings = this.covers.map((rows) => this.#spacing([...rows]));
    this.level = this.coarsest;
  }

  /** The rows shown at a scale, a set: those of the level that now has room. */
  at(scale) {
    const room = (level) => this.spacings[level] * scale;
    while (this.level > 0 && room(this.level - 1) > ROOM * SLACK) this.level--;
    while (this.level < this.coarsest && room(this.level) < ROOM / SLACK) this.level++;
    return this.covers[this.level];
  }

  /** The topics of a level, and of finer levels those that lie in none of it. */
  #cover(level) {
    const { topics } = this.data;
    return [...topics.keys()].filter((row) => row && topics[row].level <= level
      && (topics[row].parent === undefined || topics[topics[row].parent].level > level));
  }

  /** How far a topic's nearest neighbour is, in the units of the map: the median. */
  #spacing(rows) {
    if (!this.coarsest) return Infinity;
    const places = rows.map((row) => this.data.topics[row]);
    const nearest = places.map(({ x, y }, own) => places.reduce((least, other, i) =>
      (i === own ? least : Math.min(least, Math.hypot(x - other.x, y - other.y))), Infinity));
    return nearest.sort((a, b) => a - b)[Math.floor(nearest.length / 2)] ?? Infinity;
  }
}
