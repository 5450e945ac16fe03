/*
 * The dots, drawn with WebGL 2 where there is a GPU for it and with the 2-D canvas where there is none. Both are told
 * - codes: the code of each document's colour; colors: red, green, blue and 255 of each code, one after the other;
 * - opacities: the alpha of each topic (0 to 255; 0 is not drawn);
 * - presence: for each document 2, or 1 where it is faded, or 0 where it is not drawn;
 * and draw in two passes where some dots are emphasised: first the faded, so that they never lie over the others.
 * `version` counts what they are told. `share`, 0 to 1, is how many of the dots are drawn; `hasty` asks for speed before looks.
 * The canvas of a large map draws at most `share` of MOST_DOTS in a frame, those that are seen; where more are, tiles.js
 * keeps pictures of them. `draw` says whether all is as it should be, `blends` whether opacities may change step by step.
 */
const HIDDEN = 0, PALE = 1, PRESENT = 2;
const FADED = 0.3; // dots of less alpha count as faded
const PALENESS = 0.16; // of its alpha is left to a dot that is pale
const EMPHASIS_SCALE = 1.25; // emphasised dots are larger
const SMALLEST_DISC = 4; // pixels across, below which a square looks the same
const MOST_DISCS = 2000; // kept by the canvas
const LARGE = 200000; // dots of a map that is large
const MOST_DOTS = 60000, FEWEST_DOTS = 20000; // drawn one by one by the canvas of a large map, and even on a slow machine
const STAYS = 1.25; // what is drawn as dots stays so until there are so many times more

/** A dot of so many pixels across as the canvas draws it: round or not, and the side of its square in pixels. */
function dotShape(across, pixelRatio) {
  const pixels = Math.round(across * pixelRatio), round = across * pixelRatio >= SMALLEST_DISC;
  return { round, pixels, side: round ? (pixels + 1) / pixelRatio : 0.9 * across };
}

const VERTEX = `#version 300 es
in vec2 place;
in float row, code, presence;
uniform vec2 middle, scale;
uniform float size, emphasised;
uniform sampler2D colors, opacities;
out vec4 color;
out float radius;
vec4 entry(sampler2D table, int index) { return texelFetch(table, ivec2(index % 256, index / 256), 0); }
void main() {
  color = vec4(entry(colors, int(code)).rgb, entry(opacities, int(row)).a);
  color.a *= presence > 1.5 ? 1.0 : presence > 0.5 ? ${PALENESS} : 0.0;
  bool drawn = color.a > 0.0 && (color.a >= ${FADED}) == (emphasised > 0.5);
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

/** Draws with WebGL 2; it comes back by itself when the graphics context has been lost. */
class WebGlDots {
  constructor(gl, data) {
    Object.assign(this, { gl, data, given: {}, version: 0 });
    this.#build();
    gl.canvas.addEventListener("webglcontextlost", (event) => event.preventDefault());
    gl.canvas.addEventListener("webglcontextrestored", () => {
      this.#build();
      this.set(this.given);
      gl.canvas.dispatchEvent(new Event("redraw"));
    });
  }

  #build() {
    const { gl, data } = this;
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
    const names = ["middle", "scale", "size", "emphasised", "opacity"];
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
    attribute("place", data.points, 2, gl.FLOAT);
    attribute("row", new Float32Array(data.rows), 1, gl.FLOAT);
    this.buffers = {
      codes: attribute("code", new Float32Array(data.rows), 1, gl.FLOAT),
      presence: attribute("presence", new Uint8Array(data.size).fill(PRESENT), 1, gl.UNSIGNED_BYTE),
    };
    gl.bindBuffer(gl.ELEMENT_ARRAY_BUFFER, gl.createBuffer());
    gl.bufferData(gl.ELEMENT_ARRAY_BUFFER, data.drawingOrder, gl.STATIC_DRAW);
    ["colors", "opacities"].forEach((name, unit) => {
      gl.activeTexture(gl.TEXTURE0 + unit);
      gl.bindTexture(gl.TEXTURE_2D, gl.createTexture());
      gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_MIN_FILTER, gl.NEAREST);
      gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_MAG_FILTER, gl.NEAREST);
      gl.uniform1i(gl.getUniformLocation(program, name), unit);
    });
    gl.enable(gl.BLEND);
    gl.blendFunc(gl.ONE, gl.ONE_MINUS_SRC_ALPHA);
  }

  /** Take any of codes, colors, opacities and presence. */
  set(given) {
    Object.assign(this.given, given);
    this.version++;
    const { codes, colors, opacities, presence } = given;
    if (codes) this.#fill("codes", new Float32Array(codes));
    if (presence) this.#fill("presence", presence);
    if (colors) this.#table(0, colors);
    if (opacities) this.#table(1, Uint8Array.from({ length: 4 * opacities.length }, (_, i) => opacities[i >> 2]));
  }

  #fill(name, values) {
    this.gl.bindBuffer(this.gl.ARRAY_BUFFER, this.buffers[name]);
    this.gl.bufferSubData(this.gl.ARRAY_BUFFER, 0, values);
  }

  #table(unit, values) {
    const { gl } = this, rows = Math.ceil(values.length / 4 / 256);
    const texels = new Uint8Array(4 * 256 * rows);
    texels.set(values);
    gl.activeTexture(gl.TEXTURE0 + unit);
    gl.texImage2D(gl.TEXTURE_2D, 0, gl.RGBA, 256, rows, 0, gl.RGBA, gl.UNSIGNED_BYTE, texels);
  }

  draw(camera, { size, opacity, emphasis, pixelRatio, share }) {
    const { gl, uniforms } = this;
    const { size: all, topics: [{ size: outliers }] } = this.data;
    gl.viewport(0, 0, gl.canvas.width, gl.canvas.height);
    gl.clearColor(0, 0, 0, 0);
    gl.clear(gl.COLOR_BUFFER_BIT);
    gl.uniform2f(uniforms.middle, camera.x, camera.y);
    gl.uniform2f(uniforms.scale, (2 * camera.scale) / camera.width, (2 * camera.scale) / camera.height);
    gl.uniform1f(uniforms.opacity, opacity);
    for (const emphasised of emphasis ? [0, 1] : [1]) {
      gl.uniform1f(uniforms.emphasised, emphasised);
      gl.uniform1f(uniforms.size, pixelRatio * size * (emphasis && emphasised ? EMPHASIS_SCALE : 1));
      gl.drawElements(gl.POINTS, Math.ceil(share * outliers), gl.UNSIGNED_INT, 0);
      gl.drawElements(gl.POINTS, Math.ceil(share * (all - outliers)), gl.UNSIGNED_INT, 4 * outliers);
    }
    return true;
  }

  get blends() { return true; }
}

/** Draws on a 2-D canvas, small dots and hasty ones as squares: everywhere to be had, and the faster where there is no GPU. */
class CanvasDots {
  constructor(context, data, grid) {
    Object.assign(this, { context, data, grid, given: {}, version: 0, discs: new Map(), tiles: null, tiled: false });
  }

  /** Draw at most so many dots one by one, and more by way of tiles. */
  limit(most) {
    Object.assign(this, { most, tiles: new DotTiles(this.data, this.grid) });
    this.tiles.set(this.given);
    return this;
  }

  get blends() { return !this.tiled; }

  /** A disc to be copied, of so many pixels of the canvas. */
  #disc(color, pixels) {
    const key = `${color} ${pixels}`;
    if (this.discs.has(key)) return this.discs.get(key);
    if (this.discs.size > MOST_DISCS) this.discs.clear(); // each zoom has its own
    const canvas = make("canvas", "", { width: pixels + 1, height: pixels + 1 }), context = canvas.getContext("2d");
    context.fillStyle = color;
    context.arc((pixels + 1) / 2, (pixels + 1) / 2, pixels / 2, 0, 7);
    context.fill();
    this.discs.set(key, canvas);
    return canvas;
  }

  set(given) {
    Object.assign(this.given, given);
    this.tiles?.set(given);
    this.version++;
  }

  draw(camera, look) {
    const { context, tiles, data, grid, most } = this;
    if (tiles) {
      const limit = Math.max(look.share * most, Math.min(FEWEST_DOTS, most));
      this.tiled = grid.countIn(camera) > limit * (this.tiled ? 1 : STAYS);
      if (this.tiled) return tiles.draw(context, camera, look);
      tiles.seen = null; // what they drew is gone
    }
    context.setTransform(look.pixelRatio, 0, 0, look.pixelRatio, 0, 0);
    context.clearRect(0, 0, camera.width, camera.height);
    this.#drawEach(camera, tiles ? grid.membersIn(camera) : data.members, tiles ? { ...look, share: 1 } : look);
    return true;
  }

  /** Draw documents, by the rows of their topics, one by one. */
  #drawEach(camera, members, { size, opacity, emphasis, pixelRatio, share, hasty }) {
    const { context, data: { points }, given: { codes, colors, opacities, presence } } = this;
    const styles = Array.from({ length: colors.length / 4 }, (_, code) =>
      `rgb(${colors[4 * code]} ${colors[4 * code + 1]} ${colors[4 * code + 2]})`);
    const step = Math.ceil(1 / share);
    for (const emphasised of emphasis ? [false, true] : [true]) {
      const across = size * (emphasis && emphasised ? EMPHASIS_SCALE : 1);
      const shape = dotShape(across, pixelRatio), { pixels } = shape;
      const round = shape.round && !hasty, side = round ? shape.side : 0.9 * across;
      members.forEach((indices, row) => {
        for (const level of [PALE, PRESENT]) {
          const alpha = (opacities[row] / 255) * (level === PRESENT ? 1 : PALENESS);
          if (!alpha || alpha >= FADED !== emphasised) continue;
          context.globalAlpha = alpha * opacity;
          let style = -1, disc = null;
          for (let i = 0; i < indices.length; i += step) {
            const index = indices[i];
            if (presence[index] !== level) continue;
            const left = camera.width / 2 + (points[2 * index] - camera.x) * camera.scale - side / 2;
            const top = camera.height / 2 - (points[2 * index + 1] - camera.y) * camera.scale - side / 2;
            if (left <= -side || top <= -side || left >= camera.width || top >= camera.height) continue;
            if (codes[index] !== style) {
              style = codes[index];
              if (round) disc = this.#disc(styles[style], pixels);
              else context.fillStyle = styles[style];
            }
            if (round) context.drawImage(disc, left, top, side, side);
            else context.fillRect(left, top, side, side);
          }
        }
      });
    }
  }
}

/**
 * The faster of the two on this machine; `?dots=webgl` and `?dots=canvas` in the address ask for one, the latter for
 * each dot by itself.
 */
function createDots(canvas, data, grid) {
  const asked = new URLSearchParams(location.search).get("dots");
  const wanted = asked === "webgl" || (asked !== "canvas" && hasGpu());
  const gl = wanted && canvas.getContext("webgl2", { antialias: false, powerPreference: "high-performance" });
  if (gl) return new WebGlDots(gl, data);
  const dots = new CanvasDots(canvas.getContext("2d"), data, grid);
  return data.size > LARGE && asked !== "canvas" ? dots.limit(MOST_DOTS) : dots;
}

/** Whether WebGL 2 is there and not computed by the processor, which is slower than the canvas. */
function hasGpu() {
  const gl = make("canvas").getContext("webgl2");
  if (!gl) return false;
  const details = gl.getExtension("WEBGL_debug_renderer_info");
  const names = [gl.RENDERER, ...(details ? [details.UNMASKED_RENDERER_WEBGL] : [])].map((name) => gl.getParameter(name));
  gl.getExtension("WEBGL_lose_context")?.loseContext();
  return !/swiftshader|llvmpipe|softpipe|basic render/i.test(names.join());
}
