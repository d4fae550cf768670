// The error of a pixel as the figures count it: the largest difference of a channel, of
// translucent ones as it is seen on black or on white.

function errorAt(first, second, at, exact) {
  const opacity = first[at + 3], other = second[at + 3];
  const straight = exact || (opacity === 255 && other === 255);
  let error = straight ? Math.abs(opacity - other) : 0;
  for (let channel = at; channel < at + 3; channel++) {
    if (straight) {
      error = Math.max(error, Math.abs(first[channel] - second[channel]));
      continue;
    }
    const onBlack = Math.floor((first[channel] * opacity + 127) / 255) - Math.floor((second[channel] * other + 127) / 255);
    error = Math.max(error, Math.abs(onBlack), Math.abs(onBlack - opacity + other));
  }
  return error;
}

function errorPlane(original, candidate, exact) {
  const out = new Uint8Array(original.rgba.length / 4);
  for (let i = 0; i < out.length; i++) out[i] = errorAt(original.rgba, candidate.rgba, 4 * i, exact);
  return out;
}

// Little-endian words, as canvases hold them.
function word(red, green, blue, alpha) {
  return ((alpha << 24) | (blue << 16) | (green << 8) | red) >>> 0;
}

function errorColors(scale) {
  const out = new Uint32Array(256);
  for (const [low, color] of scale) {
    const value = parseInt(color.slice(1), 16);
    out.fill(word(value >> 16, (value >> 8) & 255, value & 255, 255), low);
  }
  return out;
}

function paint(canvas, width, height, fill) {
  if (canvas.width !== width || canvas.height !== height) {
    canvas.width = width;
    canvas.height = height;
  }
  const context = canvas.getContext("2d");
  const image = context.createImageData(width, height);
  fill(new Uint32Array(image.data.buffer));
  context.putImageData(image, 0, 0);
}

function drawErrors(canvas, original, candidate, exact, colors) {
  const plane = errorPlane(original, candidate, exact);
  paint(canvas, original.width, original.height, (words) => {
    for (let i = 0; i < words.length; i++) words[i] = colors[plane[i]];
  });
}
