/*
 * The dots, drawn with WebGL 2 where there is one and with the 2-D canvas where there is none. Both are told
 * - colors: red, green, blue and strength (0 to 255; 0 is not drawn) of each topic, one after the other;
 * - matches: for each document 1, or 0 where it is not what is looked for; null where nothing is;
 * and draw what is weak first, so that it never lies over what is lit. Of a `share` below 1 they draw so many.
 */
const WEAK = 0.3;
const UNMATCHED = 0.16;

const VERTEX = `#version 300 es
in vec2 place;
in float row;
in float match;
uniform vec2 middle, scale;
uniform float size, strong;
uniform sampler2D colors;
out vec4 color;
out float radius;
void main() {
  int index = int(row);
  color = texelFetch(colors, ivec2(index % 256, index / 256), 0);
  color.a *= mix(${UNMATCHED}, 1.0, match);
  bool drawn = color.a > 0.0 && (color.a >= ${WEAK}) == (strong > 0.5);
  gl_Position = drawn ? vec4((place - middle) * scale, 0.0, 1.0) : vec4(2.0, 2.0, 2.0, 1.0);
  gl_PointSize = size;
  radius = size / 2.0;
}`;

const FRAGMENT = `#version 300 es
precision mediump float;
in vec4 color;
in float radius;
uniform float opacity;
out vec4 pixel;
void main() {
  float edge = (1.0 - length(2.0 * gl_PointCoord - 1.0)) * radius + 0.5;
  float alpha = clamp(edge, 0.0, 1.0) * color.a * opacity;
  pixel = vec4(color.rgb * alpha, alpha);
}`;

class GlDots {
  constructor(gl, corpus) {
    Object.assign(this, { gl, corpus, colors: null, matches: null });
    this.#build();
    gl.canvas.addEventListener("webglcontextlost", (event) => event.preventDefault());
    gl.canvas.addEventListener("webglcontextrestored", () => {
      this.#build();
      if (this.colors) this.setColors(this.colors);
      this.setMatches(this.matches);
      gl.canvas.dispatchEvent(new Event("redraw"));
    });
  }

  #build() {
    const { gl, corpus } = this;
    const program = gl.createProgram();
    for (const [type, source] of [[gl.VERTEX_SHADER, VERTEX], [gl.FRAGMENT_SHADER, FRAGMENT]]) {
      const shader = gl.createShader(type);
      gl.shaderSource(shader, source);
      gl.compileShader(shader);
      gl.attachShader(program, shader);
    }
    gl.linkProgram(program);
    if (!gl.getProgramParameter(program, gl.LINK_STATUS) && !gl.isContextLost()) {
      throw new Error(gl.getProgramInfoLog(program) || "the shaders do not link");
    }
    gl.useProgram(program);
    const names = ["middle", "scale", "size", "strong", "opacity"];
    this.uniforms = Object.fromEntries(names.map((name) => [name, gl.getUniformLocation(program, name)]));
    const attribute = (name, values, width, type) => {
      const buffer = gl.createBuffer();
      const location = gl.getAttribLocation(program, name);
      gl.bindBuffer(gl.ARRAY_BUFFER, buffer);
      gl.bufferData(gl.ARRAY_BUFFER, values, gl.STATIC_DRAW);
      gl.enableVertexAttribArray(location);
      gl.vertexAttribPointer(location, width, type, false, 0, 0);
      return buffer;
    };
    attribute("place", corpus.points, 2, gl.FLOAT);
    attribute("row", Float32Array.from(corpus.rows), 1, gl.FLOAT);
    this.matchBuffer = attribute("match", new Uint8Array(corpus.size).fill(1), 1, gl.UNSIGNED_BYTE);
    gl.bindBuffer(gl.ELEMENT_ARRAY_BUFFER, gl.createBuffer());
    gl.bufferData(gl.ELEMENT_ARRAY_BUFFER, corpus.order, gl.STATIC_DRAW);
    gl.bindTexture(gl.TEXTURE_2D, gl.createTexture());
    gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_MIN_FILTER, gl.NEAREST);
    gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_MAG_FILTER, gl.NEAREST);
    gl.enable(gl.BLEND);
    gl.blendFunc(gl.ONE, gl.ONE_MINUS_SRC_ALPHA);
  }

  setColors(colors) {
    const { gl } = this;
    const rows = Math.ceil(colors.length / 4 / 256);
    const texels = new Uint8Array(4 * 256 * rows);
    texels.set(colors);
    gl.texImage2D(gl.TEXTURE_2D, 0, gl.RGBA, 256, rows, 0, gl.RGBA, gl.UNSIGNED_BYTE, texels);
    this.colors = colors;
  }

  setMatches(matches) {
    const { gl } = this;
    gl.bindBuffer(gl.ARRAY_BUFFER, this.matchBuffer);
    gl.bufferSubData(gl.ARRAY_BUFFER, 0, matches ?? new Uint8Array(this.corpus.size).fill(1));
    this.matches = matches;
  }

  draw(camera, { size, opacity, lit, ratio, share }) {
    const { gl, uniforms } = this;
    const { size: all, topics: [{ size: outliers }] } = this.corpus;
    gl.viewport(0, 0, gl.canvas.width, gl.canvas.height);
    gl.clearColor(0, 0, 0, 0);
    gl.clear(gl.COLOR_BUFFER_BIT);
    gl.uniform2f(uniforms.middle, camera.x, camera.y);
    gl.uniform2f(uniforms.scale, (2 * camera.scale) / camera.width, (2 * camera.scale) / camera.height);
    gl.uniform1f(uniforms.opacity, opacity);
    for (const strong of lit ? [0, 1] : [1]) {
      gl.uniform1f(uniforms.strong, strong);
      gl.uniform1f(uniforms.size, ratio * size * (lit && strong ? 1.25 : 1));
      gl.drawElements(gl.POINTS, Math.ceil(share * outliers), gl.UNSIGNED_INT, 0);
      gl.drawElements(gl.POINTS, Math.ceil(share * (all - outliers)), gl.UNSIGNED_INT, 4 * outliers);
    }
  }
}

class CanvasDots {
  constructor(context, corpus) {
    Object.assign(this, { context, corpus, colors: null, matches: null });
  }

  setColors(colors) { this.colors = colors; }
  setMatches(matches) { this.matches = matches; }

  draw(camera, { size, opacity, lit, ratio, share }) {
    const { context, corpus, colors, matches } = this;
    const { points, members } = corpus;
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    context.clearRect(0, 0, camera.width, camera.height);
    const step = Math.ceil(1 / share);
    for (const strong of lit ? [false, true] : [true]) {
      const side = 0.9 * size * (lit && strong ? 1.25 : 1);
      members.forEach((documents, row) => {
        const [red, green, blue, strength] = colors.subarray(4 * row, 4 * row + 4);
        context.fillStyle = `rgb(${red} ${green} ${blue})`;
        for (const matched of matches ? [0, 1] : [1]) {
          const alpha = (strength / 255) * (matched ? 1 : UNMATCHED);
          if (!alpha || alpha >= WEAK !== strong) continue;
          context.globalAlpha = alpha * opacity;
          for (let i = 0; i < documents.length; i += step) {
            const document = documents[i];
            if (matches && matches[document] !== matched) continue;
            const left = camera.width / 2 + (points[2 * document] - camera.x) * camera.scale - side / 2;
            const top = camera.height / 2 - (points[2 * document + 1] - camera.y) * camera.scale - side / 2;
            if (left > -side && top > -side && left < camera.width && top < camera.height) {
              context.fillRect(left, top, side, side);
            }
          }
        }
      });
    }
  }
}

function createDots(canvas, corpus) {
  const gl = canvas.getContext("webgl2", { antialias: false, powerPreference: "high-performance" });
  return gl ? new GlDots(gl, corpus) : new CanvasDots(canvas.getContext("2d"), corpus);
}

/** Finds the dot under the pointer: documents sorted into the cells of a grid over the map. */
class Grid {
  constructor(corpus) {
    const { points, size } = corpus;
    this.corpus = corpus;
    this.side = Math.min(512, Math.max(1, Math.ceil(Math.sqrt(size / 3))));
    const cells = new Uint32Array(size);
    this.starts = new Uint32Array(this.side ** 2 + 1);
    for (let i = 0; i < size; i++) {
      cells[i] = this.#cell(points[2 * i]) + this.side * this.#cell(points[2 * i + 1]);
      this.starts[cells[i] + 1]++;
    }
    for (let cell = 0; cell < this.side ** 2; cell++) this.starts[cell + 1] += this.starts[cell];
    const next = this.starts.slice();
    this.documents = new Uint32Array(size);
    for (let i = 0; i < size; i++) this.documents[next[cells[i]]++] = i;
  }

  #cell(value) { return Math.min(this.side - 1, Math.max(0, Math.floor(((value + 1) / 2) * this.side))); }

  /** The nearest document within `radius` that is accepted, or -1. */
  nearest(x, y, radius, accept) {
    const { points } = this.corpus;
    let best = radius * radius, found = -1;
    for (let row = this.#cell(y - radius); row <= this.#cell(y + radius); row++) {
      const first = this.starts[row * this.side + this.#cell(x - radius)];
      const last = this.starts[row * this.side + this.#cell(x + radius) + 1];
      for (let i = first; i < last; i++) {
        const document = this.documents[i];
        const distance = (points[2 * document] - x) ** 2 + (points[2 * document + 1] - y) ** 2;
        if (distance < best && accept(document)) [best, found] = [distance, document];
      }
    }
    return found;
  }
}
