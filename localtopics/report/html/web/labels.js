/** Where a name may stand: across and down from its topic, as shares of the greatest offset; the best first. */
const OVER = [[0, 0], [0, -1], [0, 1], [-1, 0], [1, 0]];
const ASIDE = [[0.6, -1], [0.6, 1], [1, -1], [1, 1], [0.3, -1.7], [0.3, 1.7]];
const BESIDE = [[0, -1], [0, 1], [0, 0], [1, 0], [-1, 0], ...ASIDE.flatMap(([x, y]) => [[x, y], [-x, y]])];
const HALO = 0.32; // of a name's size is its outline in the colour of the background

/**
 * The topics' names over the dots: of the level that the present zoom asks for as many as fit, the largest topics'
 * first.
 */
class Labels {
  constructor(context, data) {
    this.context = context;
    this.family = getComputedStyle(document.documentElement).fontFamily;
    this.levels = new Levels(data);
    const largest = data.topics.reduce((most, topic, row) =>
      (row && topic.size > (most[topic.level] ?? 0) ? { ...most, [topic.level]: topic.size } : most), {});
    this.items = data.topics.slice(1).map((topic, i) => {
      const baseSize = (topic.level ? 13.5 : 11.5) + 5.5 * Math.sqrt(topic.size / largest[topic.level]);
      return { row: i + 1, topic, baseSize, lines: Labels.wrap(topic.label), alpha: 0, box: null };
    }).sort((one, other) => other.topic.level - one.topic.level || one.row - other.row);
  }

  /** Lines of about equal length, three at most. */
  static wrap(label, length = 22) {
    const letters = [...label];
    if (label.split(" ").some((word) => word.length > length / 2 && /[\u3040-\u30ff\u3400-\u9fff]/.test(word))) {
      const most = length / 2 + 1; // such letters have no spaces between them, and take twice the room
      const cut = letters.length > 3 * most ? [...letters.slice(0, 3 * most - 1), "…"] : letters;
      const size = Math.ceil(cut.length / Math.ceil(cut.length / most));
      return cut.join("").match(new RegExp(`.{1,${size}}`, "gu")).map((line) => line.trim());
    }
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

  /**
   * Choose which names are seen and where: first the `emphasised` rows (a set, or null), then the largest topics'.
   * Those `called` for (likewise) are seen whatever the zoom.
   */
  arrange(camera, emphasised, called) {
    const taken = [], shown = this.levels.at(camera.scale);
    const candidates = this.items.filter((label) => {
      label.box = null;
      return shown.has(label.row) || called?.has(label.row);
    });
    const order = candidates.filter(({ row }) => emphasised?.has(row));
    order.push(...candidates.filter(({ row }) => !emphasised?.has(row)));
    this.#setScale(Math.min(1, Math.max(0.82, Math.min(camera.width, camera.height) / 700)));
    for (const label of order) {
      label.box = this.#boxes(label, camera).find((box) => taken.every((other) => box.left >= other.right
        || box.right <= other.left || box.top >= other.bottom || box.bottom <= other.top)) ?? null;
      if (!label.box) continue;
      taken.push(label.box);
      label.offsetShare = label.box.offsetShare;
    }
  }

  /** Set the size of the font, smaller on a small screen. */
  #setScale(scale) {
    if (this.scale === scale) return;
    this.scale = scale;
    for (const label of this.items) {
      label.fontSize = Math.round(scale * label.baseSize);
      label.font = `${label.topic.level ? 700 : 600} ${label.fontSize}px ${this.family}`;
      this.context.font = label.font;
      label.width = Math.max(...label.lines.map((line) => this.context.measureText(line).width));
    }
  }

  /** Where a name may stand: over its topic, or beside one that it would hide. Last time's place first. */
  #boxes(label, camera) {
    const [x, y] = camera.screen(label.topic.x, label.topic.y);
    const wide = label.width / 2 + 5, high = (label.lines.length * label.fontSize * 1.15) / 2 + 3;
    if (x < -wide || y < -high || x > camera.width + wide || y > camera.height + high) return [];
    const radius = label.topic.level ? 2 * high : label.topic.coreRadius * camera.scale, over = radius > 1.5 * high;
    const shares = over ? OVER : BESIDE;
    const greatest = over ? [0.8 * radius, 0.8 * radius] : [radius + wide, radius + high];
    const within = (value, half, size) => Math.min(Math.max(value, half), size - half);
    return [...shares].sort((a, b) => (b === label.offsetShare) - (a === label.offsetShare)).map((share) => {
      const [left, top] = [x + share[0] * greatest[0], y + share[1] * greatest[1]];
      const across = x < 0 || x > camera.width ? left : within(left, wide, camera.width);
      return { offsetShare: share, left: across - wide, right: across + wide, top: top - high, bottom: top + high };
    });
  }

  /** Let those that have come fade in, and those that have gone fade out; true while some still fade. */
  fade(camera, emphasised, step) {
    let fading = false;
    for (const label of this.items) {
      const goal = label.box ? (!emphasised || emphasised.has(label.row) ? 1 : 0.24) : 0;
      label.alpha += Math.sign(goal - label.alpha) * Math.min(step, Math.abs(goal - label.alpha));
      fading ||= label.alpha !== goal;
      if (label.box) label.offset = this.#offset(label, camera);
    }
    return fading;
  }

  /** What is to be drawn: { line, x, y, label }, line after line. */
  *drawn(camera) {
    for (const label of this.items) {
      if (label.alpha <= 0) continue;
      const [x, y] = camera.screen(label.topic.x, label.topic.y).map((value, axis) => value + label.offset[axis]);
      for (const [i, line] of label.lines.entries()) {
        yield { line, x, y: y + (i - (label.lines.length - 1) / 2) * label.fontSize * 1.15, label };
      }
    }
  }

  /** In the colours of the topics (of their text), or of all text. */
  draw(context, camera, theme, colored) {
    context.textAlign = "center";
    context.textBaseline = "middle";
    context.lineJoin = "round";
    context.strokeStyle = theme.background;
    for (const { line, x, y, label } of this.drawn(camera)) {
      context.globalAlpha = label.alpha;
      context.font = label.font;
      context.fillStyle = colored ? theme.textColors[label.row] : theme.text;
      context.lineWidth = label.fontSize * HALO;
      context.strokeText(line, x, y);
      context.fillText(line, x, y);
    }
    context.globalAlpha = 1;
  }

  /** How far a name stands from its topic's middle, kept while it fades out. */
  #offset({ box, topic }, camera) {
    const [x, y] = camera.screen(topic.x, topic.y);
    return [(box.left + box.right) / 2 - x, (box.top + box.bottom) / 2 - y];
  }

  /** The row of the topic whose name lies under a place of the screen, or null. */
  at(left, top) {
    const hit = this.items.find(({ box }) => box && left > box.left && left < box.right && top > box.top
      && top < box.bottom);
    return hit ? hit.row : null;
  }
}
