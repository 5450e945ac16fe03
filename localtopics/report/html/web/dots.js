/*
 * The dots, drawn with WebGL 2 where there is one and with the 2-D canvas where there is none. Both are told
 * - colors: red, green, blue and alpha (0 to 255; 0 is not drawn) of each topic, one after the other;
 * - matches: for each document 1, or 0 where it does not match the search; null where nothing is searched for;
 * and draw in two passes where some dots are emphasised: first the faded, so that they never lie over the others.
 * `share`, 0 to 1, is how many of the dots are drawn.
 */
const FADED = 0.3; // dots of less alpha count as faded
const UNMATCHED = 0.16; // of its alpha is left to a dot that does not match
const EMPHASIS_SCALE = 1.25; // emphasised dots are larger

const VERTEX = `#version 300 es
in vec2 place;
in float row;
in float match;
uniform vec2 middle, scale;
uniform float size, emphasised;
uniform sampler2D colors;
out vec4 color;
out float radius;
void main() {
  int index = int(row);
  color = texelFetch(colors, ivec2(index % 256, index / 256), 0);
  color.a *= mix(${UNMATCHED}, 1.0, match);
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
    Object.assign(this, { gl, data, colors: null, matches: null });
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
    attribute("row", Float32Array.from(data.rows), 1, gl.FLOAT);
    this.matchBuffer = attribute("match", new Uint8Array(data.size).fill(1), 1, gl.UNSIGNED_BYTE);
    gl.bindBuffer(gl.ELEMENT_ARRAY_BUFFER, gl.createBuffer());
    gl.bufferData(gl.ELEMENT_ARRAY_BUFFER, data.drawingOrder, gl.STATIC_DRAW);
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
    gl.bufferSubData(gl.ARRAY_BUFFER, 0, matches ?? new Uint8Array(this.data.size).fill(1));
    this.matches = matches;
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
  }
}

/** Draws squares on a 2-D canvas: slower, and everywhere to be had. */
class CanvasDots {
  constructor(context, data) {
    Object.assign(this, { context, data, colors: null, matches: null });
  }

  setColors(colors) { this.colors = colors; }
  setMatches(matches) { this.matches = matches; }

  draw(camera, { size, opacity, emphasis, pixelRatio, share }) {
    const { context, data, colors, matches } = this;
    const { points, members } = data;
    context.setTransform(pixelRatio, 0, 0, pixelRatio, 0, 0);
    context.clearRect(0, 0, camera.width, camera.height);
    const step = Math.ceil(1 / share);
    for (const emphasised of emphasis ? [false, true] : [true]) {
      const side = 0.9 * size * (emphasis && emphasised ? EMPHASIS_SCALE : 1);
      members.forEach((indices, row) => {
        const [red, green, blue, alphaByte] = colors.subarray(4 * row, 4 * row + 4);
        context.fillStyle = `rgb(${red} ${green} ${blue})`;
        for (const matched of matches ? [0, 1] : [1]) {
          const alpha = (alphaByte / 255) * (matched ? 1 : UNMATCHED);
          if (!alpha || alpha >= FADED !== emphasised) continue;
          context.globalAlpha = alpha * opacity;
          for (let i = 0; i < indices.length; i += step) {
            const index = indices[i];
            if (matches && matches[index] !== matched) continue;
            const left = camera.width / 2 + (points[2 * index] - camera.x) * camera.scale - side / 2;
            const top = camera.height / 2 - (points[2 * index + 1] - camera.y) * camera.scale - side / 2;
            if (left > -side && top > -side && left < camera.width && top < camera.height) {
              context.fillRect(left, top, side, side);
            }
          }
        }
      });
    }
  }
}

/** The fastest of the two that this browser can run. */
function createDots(canvas, data) {
  const gl = canvas.getContext("webgl2", { antialias: false, powerPreference: "high-performance" });
  return gl ? new WebGlDots(gl, data) : new CanvasDots(canvas.getContext("2d"), data);
}
