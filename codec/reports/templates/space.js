// Colors as points that can be turned.

const MOST_DOTS = 2600;
const CORNERS = [0, 1, 2, 3, 4, 5, 6, 7].map((bits) => [(bits & 4) && 255, (bits & 2) && 255, (bits & 1) && 255]);

function linear(value) {
  const scaled = value / 255;
  return scaled <= 0.04045 ? scaled / 12.92 : ((scaled + 0.055) / 1.055) ** 2.4;
}

// Björn Ottosson, "A perceptual color space for image processing", 2020.
function oklab([red, green, blue]) {
  const [r, g, b] = [linear(red), linear(green), linear(blue)];
  const l = Math.cbrt(0.4122214708 * r + 0.5363325363 * g + 0.0514459929 * b);
  const m = Math.cbrt(0.2119034982 * r + 0.6806995451 * g + 0.1073969566 * b);
  const s = Math.cbrt(0.0883024619 * r + 0.2817188376 * g + 0.6299787005 * b);
  return [
    0.2104542553 * l + 0.793617785 * m - 0.0040720468 * s,
    1.9779984951 * l - 2.428592205 * m + 0.4505937099 * s,
    0.0259040371 * l + 0.7827717662 * m - 0.8086757660 * s,
  ];
}

// Where a color is, within -1 to 1, the second axis up.
const PLACES = {
  rgb: ([red, green, blue]) => [red / 127.5 - 1, green / 127.5 - 1, blue / 127.5 - 1],
  oklab: (color) => {
    const [lightness, a, b] = oklab(color);
    return [3 * a, 2 * lightness - 1, 3 * b];
  },
};

// The colors of a picture: the means of the cells of a grid, those of most pixels.
function pictureColors(rgba) {
  const cells = new Map();
  for (let at = 0; at < rgba.length; at += 4) {
    if (!rgba[at + 3]) continue;
    const key = ((rgba[at] >> 3) << 10) | ((rgba[at + 1] >> 3) << 5) | (rgba[at + 2] >> 3);
    const sums = cells.get(key);
    if (sums) {
      sums[0] += rgba[at];
      sums[1] += rgba[at + 1];
      sums[2] += rgba[at + 2];
      sums[3]++;
    } else cells.set(key, [rgba[at], rgba[at + 1], rgba[at + 2], 1]);
  }
  const found = [...cells.values()].sort((one, other) => other[3] - one[3]).slice(0, MOST_DOTS);
  return found.map(([red, green, blue, count]) => [red / count, green / count, blue / count]);
}

class Space {
  constructor(canvas) {
    this.canvas = canvas;
    this.kind = "oklab";
    this.turn = 0.7;
    this.tilt = 0.35;
    this.colors = [];
    this.words = [];
    this.chosen = null;
    let last = null;
    canvas.addEventListener("pointerdown", (event) => {
      last = [event.clientX, event.clientY];
      canvas.setPointerCapture(event.pointerId);
    });
    canvas.addEventListener("pointermove", (event) => {
      if (!last) return;
      this.rotate((event.clientX - last[0]) / 120, (event.clientY - last[1]) / 120);
      last = [event.clientX, event.clientY];
    });
    for (const name of ["pointerup", "pointercancel"]) canvas.addEventListener(name, () => { last = null; });
    const step = 0.2;
    const keys = { ArrowLeft: [-step, 0], ArrowRight: [step, 0], ArrowUp: [0, -step], ArrowDown: [0, step] };
    canvas.addEventListener("keydown", (event) => {
      if (!keys[event.key] || event.ctrlKey || event.metaKey || event.altKey) return;
      event.preventDefault();
      this.rotate(...keys[event.key]);
    });
    for (const [id, by] of [["turn-left", keys.ArrowLeft], ["turn-right", keys.ArrowRight],
      ["turn-up", keys.ArrowUp], ["turn-down", keys.ArrowDown]]) {
      document.getElementById(id).addEventListener("click", () => this.rotate(...by));
    }
    new ResizeObserver(() => this.draw()).observe(canvas);
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => this.draw());
  }

  rotate(turn, tilt) {
    this.turn += turn;
    this.tilt = Math.min(Math.max(this.tilt + tilt, -Math.PI / 2), Math.PI / 2);
    this.draw();
  }

  show(changes) {
    Object.assign(this, changes);
    this.draw();
  }

  draw() {
    if (this.waiting) return;
    this.waiting = requestAnimationFrame(() => {
      this.waiting = 0;
      this.drawNow();
    });
  }

  drawNow() {
    const { canvas } = this;
    const width = canvas.clientWidth, height = canvas.clientHeight;
    canvas.width = width * devicePixelRatio;
    canvas.height = height * devicePixelRatio;
    const context = canvas.getContext("2d");
    context.scale(devicePixelRatio, devicePixelRatio);
    const size = Math.min(width, height) * 0.37;
    const [sinTurn, cosTurn] = [Math.sin(this.turn), Math.cos(this.turn)];
    const [sinTilt, cosTilt] = [Math.sin(this.tilt), Math.cos(this.tilt)];
    const place = PLACES[this.kind];
    const project = (color) => {
      const [x, y, z] = place(color);
      const across = x * cosTurn + z * sinTurn, depth = z * cosTurn - x * sinTurn;
      const far = depth * cosTilt - y * sinTilt;
      const near = 4 / (4 + far);
      return [width / 2 + across * size * near, height / 2 - (y * cosTilt + depth * sinTilt) * size * near, far, near];
    };
    this.drawEdges(context, project);
    const dots = this.colors.map((color) => [...project(color), color, 0]);
    const discs = this.words.map(([label, ...word]) => {
      const color = word.length > 3 ? word.slice(0, 3) : [word[0], word[0], word[0]];
      return [...project(color), color, 2.5 + 14 * Math.sqrt(word[word.length - 1]), label];
    });
    const ink = getComputedStyle(canvas).color;
    for (const [x, y, , near, color, radius, label] of [...dots, ...discs].sort((one, other) => other[2] - one[2])) {
      context.fillStyle = `rgb(${color.map(Math.round).join(" ")})`;
      if (!radius) {
        context.fillRect(x - 1, y - 1, 2, 2);
        continue;
      }
      context.beginPath();
      context.arc(x, y, radius * near, 0, 2 * Math.PI);
      context.fill();
      context.lineWidth = label === this.chosen ? 3 : 1;
      context.strokeStyle = ink;
      context.stroke();
    }
    const chosen = discs.find((disc) => disc[6] === this.chosen);
    if (chosen) {
      context.beginPath();
      context.arc(chosen[0], chosen[1], chosen[5] * chosen[3] + 6, 0, 2 * Math.PI);
      context.lineWidth = 2;
      context.stroke();
    }
  }

  // The edges of the cube of all colors, each in its own.
  drawEdges(context, project) {
    context.lineWidth = 1.25;
    for (const corner of CORNERS) {
      for (let channel = 0; channel < 3; channel++) {
        if (corner[channel]) continue;
        for (let part = 0; part < 8; part++) {
          const ends = [part, part + 1].map((each) => corner.map((value, axis) => (axis === channel ? (255 * each) / 8 : value)));
          const [from, to] = ends.map(project);
          context.strokeStyle = `rgb(${ends[1].map(Math.round).join(" ")} / 0.75)`;
          context.beginPath();
          context.moveTo(from[0], from[1]);
          context.lineTo(to[0], to[1]);
          context.stroke();
        }
      }
    }
  }
}
