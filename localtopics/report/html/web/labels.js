/** Where a name may stand from its topic's middle: across and down, as shares of its reach; the best first. */
const OVER = [[0, 0], [0, -1], [0, 1], [-1, 0], [1, 0]];
const ASIDE = [[0.6, -1], [0.6, 1], [1, -1], [1, 1], [0.3, -1.7], [0.3, 1.7]];
const BESIDE = [[0, -1], [0, 1], [0, 0], [1, 0], [-1, 0], ...ASIDE.flatMap(([x, y]) => [[x, y], [-x, y]])];

/** The topics' names over the dots: as many as fit at the present zoom, the largest topics' first. */
class Labels {
  constructor(context, corpus) {
    this.context = context;
    this.family = getComputedStyle(document.documentElement).fontFamily;
    const largest = Math.max(1, ...corpus.topics.slice(1).map((topic) => topic.size));
    this.signs = corpus.topics.slice(1).map((topic, i) => {
      const letters = 11.5 + 5.5 * Math.sqrt(topic.size / largest);
      return { row: i + 1, topic, letters, lines: Labels.wrap(topic.label), alpha: 0, box: null };
    });
  }

  /** Lines of about equal length, three at most. */
  static wrap(label, length = 22) {
    const letters = [...label];
    if (letters.length > 3 * length) label = letters.slice(0, 3 * length - 1).join("") + "…";
    const fill = (limit) => label.split(" ").reduce((lines, word) => {
      const last = lines.at(-1);
      if (last && last.length + word.length < limit) lines[lines.length - 1] = `${last} ${word}`;
      else lines.push(word);
      return lines;
    }, []);
    const count = fill(length).length;
    for (let limit = Math.ceil(label.length / count); limit < length; limit++) {
      if (fill(limit).length <= count) return fill(limit);
    }
    return fill(length);
  }

  /** Choose which names are seen and where: first the `wanted` rows (a set, or null), then the largest topics'. */
  arrange(camera, wanted) {
    const taken = [];
    const order = wanted ? [true, false].flatMap((want) => this.signs.filter(({ row }) => wanted.has(row) === want))
      : this.signs;
    this.#measure(Math.min(1, Math.max(0.82, Math.min(camera.width, camera.height) / 700)));
    for (const sign of order) {
      sign.box = this.#boxes(sign, camera).find((box) => taken.every((other) => box.left >= other.right
        || box.right <= other.left || box.top >= other.bottom || box.bottom <= other.top)) ?? null;
      if (!sign.box) continue;
      taken.push(sign.box);
      sign.side = sign.box.side;
    }
  }

  /** Set the size of the letters, smaller on a small screen. */
  #measure(scale) {
    if (this.scale === scale) return;
    this.scale = scale;
    for (const sign of this.signs) {
      sign.height = Math.round(scale * sign.letters);
      sign.font = `600 ${sign.height}px ${this.family}`;
      this.context.font = sign.font;
      sign.width = Math.max(...sign.lines.map((line) => this.context.measureText(line).width));
    }
  }

  /** Where a name may stand: over its topic, or beside one that it would hide. Last time's place first. */
  #boxes(sign, camera) {
    const [x, y] = camera.screen(sign.topic.x, sign.topic.y);
    const wide = sign.width / 2 + 5, high = (sign.lines.length * sign.height * 1.15) / 2 + 3;
    if (x < -wide || y < -high || x > camera.width + wide || y > camera.height + high) return [];
    const core = sign.topic.core * camera.scale, over = core > 1.5 * high;
    const sides = over ? OVER : BESIDE;
    const reach = over ? [0.8 * core, 0.8 * core] : [core + wide, core + high];
    const within = (value, half, size) => Math.min(Math.max(value, half), size - half);
    return [...sides].sort((a, b) => (b === sign.side) - (a === sign.side)).map((side) => {
      const [left, top] = [x + side[0] * reach[0], y + side[1] * reach[1]];
      const across = x < 0 || x > camera.width ? left : within(left, wide, camera.width);
      return { side, left: across - wide, right: across + wide, top: top - high, bottom: top + high };
    });
  }

  /** Draw them, fading in what has come and out what has gone; true while some still fade. */
  draw(camera, { wanted, dark, step, back }) {
    const { context } = this;
    let fading = false;
    context.textAlign = "center";
    context.textBaseline = "middle";
    context.lineJoin = "round";
    context.strokeStyle = back;
    for (const sign of this.signs) {
      const goal = sign.box ? (!wanted || wanted.has(sign.row) ? 1 : 0.24) : 0;
      sign.alpha += Math.sign(goal - sign.alpha) * Math.min(step, Math.abs(goal - sign.alpha));
      fading ||= sign.alpha !== goal;
      if (sign.box) sign.away = this.#away(sign, camera);
      if (sign.alpha <= 0) continue;
      const [x, y] = camera.screen(sign.topic.x, sign.topic.y).map((value, axis) => value + sign.away[axis]);
      context.globalAlpha = sign.alpha;
      context.font = sign.font;
      context.fillStyle = dark ? sign.topic.inkDark : sign.topic.ink;
      context.lineWidth = sign.height * 0.32;
      sign.lines.forEach((line, i) => {
        const down = y + (i - (sign.lines.length - 1) / 2) * sign.height * 1.15;
        context.strokeText(line, x, down);
        context.fillText(line, x, down);
      });
    }
    context.globalAlpha = 1;
    return fading;
  }

  /** How far a name stands from its topic's middle, kept while it fades out. */
  #away({ box, topic }, camera) {
    const [x, y] = camera.screen(topic.x, topic.y);
    return [(box.left + box.right) / 2 - x, (box.top + box.bottom) / 2 - y];
  }

  /** The row of the topic whose name lies under a place of the screen, or null. */
  at(left, top) {
    const hit = this.signs.find(({ box }) => box && left > box.left && left < box.right && top > box.top
      && top < box.bottom);
    return hit ? hit.row : null;
  }
}
