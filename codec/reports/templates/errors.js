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

// Where pixels of about a color changed most: of squares of this side the one with most squared
// error of theirs, and the worst pixel in it. Alike are those that agree in the first four bits
// of all channels, as those do whose means the page names. Null if there is none.
function worstOfColor(original, candidate, color, side, exact) {
  const first = original.rgba, second = candidate.rgba, { width, height } = original;
  const across = Math.ceil(width / side);
  const sums = new Float64Array(across * Math.ceil(height / side));
  const worst = new Uint8Array(sums.length), places = new Int32Array(sums.length);
  const [red, green, blue, alpha] = color.map((value) => value >> 4);
  let most = -1;
  for (let y = 0, at = 0; y < height; y++) {
    const row = across * Math.floor(y / side);
    for (let x = 0; x < width; x++, at += 4) {
      if (first[at] >> 4 !== red || first[at + 1] >> 4 !== green || first[at + 2] >> 4 !== blue || first[at + 3] >> 4 !== alpha) continue;
      const error = errorAt(first, second, at, exact), cell = row + Math.floor(x / side);
      if (!error) continue;
      sums[cell] += error * error;
      if (error > worst[cell]) {
        worst[cell] = error;
        places[cell] = at / 4;
      }
      if (most < 0 || sums[cell] > sums[most]) most = cell;
    }
  }
  if (most < 0) return null;
  return {
    pixel: [places[most] % width, Math.floor(places[most] / width)],
    corner: [(most % across) * side, Math.floor(most / across) * side],
  };
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
