// PNGs to samples as they are: a canvas would round colors by their alpha, and some browsers
// change what is read from it. Only what this page has in it: 8 bits a sample, not interlaced.

const CHANNELS = { 0: 1, 2: 3, 3: 1, 4: 2, 6: 4 };

async function decodePng(address) {
  const text = atob(address.slice(address.indexOf(",") + 1));
  const bytes = new Uint8Array(text.length);
  for (let i = 0; i < text.length; i++) bytes[i] = text.charCodeAt(i);
  const view = new DataView(bytes.buffer);
  const parts = [];
  let width = 0, height = 0, kind = 0, palette = null, clear = null;
  for (let at = 8; at < bytes.length;) {
    const length = view.getUint32(at);
    const name = text.slice(at + 4, at + 8);
    const content = bytes.subarray(at + 8, at + 8 + length);
    if (name === "IHDR") {
      width = view.getUint32(at + 8);
      height = view.getUint32(at + 12);
      kind = bytes[at + 17];
    } else if (name === "PLTE") palette = content;
    else if (name === "tRNS") clear = content;
    else if (name === "IDAT") parts.push(content);
    at += length + 12;
  }
  const stream = new Blob(parts).stream().pipeThrough(new DecompressionStream("deflate"));
  const filtered = new Uint8Array(await new Response(stream).arrayBuffer());
  const samples = unfilter(filtered, width * CHANNELS[kind], height, CHANNELS[kind]);
  const labels = kind === 3 ? samples : null;
  return { width, height, labels, rgba: asRgba(samples, width * height, kind, palette, clear) };
}

function unfilter(filtered, length, height, step) {
  const out = new Uint8Array(length * height);
  for (let row = 0; row < height; row++) {
    const from = row * (length + 1), to = row * length;
    const way = filtered[from];
    for (let i = 0; i < length; i++) {
      const left = i < step ? 0 : out[to + i - step];
      const above = row ? out[to + i - length] : 0;
      let guess = 0;
      if (way === 1) guess = left;
      else if (way === 2) guess = above;
      else if (way === 3) guess = (left + above) >> 1;
      else if (way === 4) guess = paeth(left, above, row && i >= step ? out[to + i - length - step] : 0);
      out[to + i] = filtered[from + 1 + i] + guess;
    }
  }
  return out;
}

function paeth(left, above, corner) {
  const byLeft = Math.abs(above - corner), byAbove = Math.abs(left - corner);
  const byCorner = Math.abs(left + above - 2 * corner);
  if (byLeft <= byAbove && byLeft <= byCorner) return left;
  return byAbove <= byCorner ? above : corner;
}

function asRgba(samples, count, kind, palette, clear) {
  const out = new Uint8Array(4 * count).fill(255);
  for (let i = 0; i < count; i++) {
    const to = 4 * i;
    if (kind === 3) {
      const label = samples[i];
      out.set(palette.subarray(3 * label, 3 * label + 3), to);
      if (clear && label < clear.length) out[to + 3] = clear[label]; // the rest are opaque
    } else if (kind === 0 || kind === 4) {
      const step = kind === 0 ? 1 : 2;
      out[to] = out[to + 1] = out[to + 2] = samples[step * i];
      if (step === 2) out[to + 3] = samples[2 * i + 1];
    } else {
      const step = kind === 2 ? 3 : 4;
      for (let channel = 0; channel < step; channel++) out[to + channel] = samples[step * i + channel];
    }
  }
  return out;
}

function hex(rgba, at) {
  const octets = Array.from(rgba.subarray(at, at + (rgba[at + 3] < 255 ? 4 : 3)));
  return "#" + octets.map((value) => value.toString(16).padStart(2, "0")).join("");
}
