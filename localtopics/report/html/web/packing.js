"use strict";

const ARRAYS = { u1: Uint8Array, u2: Uint16Array, u4: Uint32Array };

/** The bytes of base64. */
function bytesOf(base64) {
  if (Uint8Array.fromBase64) return Uint8Array.fromBase64(base64);
  const text = atob(base64), bytes = new Uint8Array(text.length);
  for (let i = 0; i < text.length; i++) bytes[i] = text.charCodeAt(i);
  return bytes;
}

/** A column as html/packing.py packed it: whole numbers as a typed array, or texts. */
async function unpack({ kind, base64 }) {
  const inflated = new Response(new Blob([bytesOf(base64)]).stream().pipeThrough(new DecompressionStream("deflate")));
  if (kind === "json") return inflated.json();
  const planes = new Uint8Array(await inflated.arrayBuffer()), width = ARRAYS[kind].BYTES_PER_ELEMENT;
  const count = planes.length / width, numbers = new ARRAYS[kind](count);
  for (let plane = 0; plane < width; plane++) {
    for (let i = 0, at = plane * count; i < count; i++, at++) numbers[i] += planes[at] * 2 ** (8 * plane);
  }
  return numbers;
}

/** The page's JSON with all its columns unpacked. */
async function unpackAll(json) {
  const within = async (holder) => {
    const names = Object.keys(holder).filter((name) => holder[name]?.base64);
    await Promise.all(names.map(async (name) => { holder[name] = await unpack(holder[name]); }));
  };
  await Promise.all([json, json.times, json.groups].filter(Boolean).map(within));
  return json;
}
