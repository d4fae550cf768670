// The stage: layers of equal size that are moved and enlarged together, so that all stay in step.

const NUMBER = 24; // the side of a number on the picture
const TOLD = 3; // of the places so many are marked, others while they are shown

class Viewer {
  constructor(report, onPoint) {
    this.report = report;
    this.onPoint = onPoint;
    this.stage = document.getElementById("stage");
    this.layers = document.getElementById("layers");
    this.original = document.getElementById("original");
    this.images = [...document.querySelectorAll("img.candidate")];
    this.divider = document.getElementById("divider");
    this.ring = document.getElementById("worst");
    this.rings = [...document.querySelectorAll(".target")];
    this.frame = document.getElementById("frame");
    this.back = document.getElementById("back");
    this.tags = ["tag-original", "tag-compressed"].map((id) => document.getElementById(id));
    this.spots = [];
    this.range = document.getElementById("split");
    this.width = Math.ceil(report.width / report.step);
    this.height = Math.ceil(report.height / report.step);
    this.view = "compare";
    this.split = 0.5;
    this.goal = null; // the place that is shown, if one was chosen
    this.marked = false; // whether it is shown where a code-word is
    this.candidate = 0;
    this.onBack = () => {};
    this.onScale = () => {};
    this.onPlace = () => {};
    this.onWorst = () => {};
    this.where = document.getElementById("where");
    this.pointers = new Map();
    this.layers.classList.toggle("alpha", report.alpha);
    this.listen();
    this.fit();
  }

  get size() {
    return [this.stage.clientWidth, this.stage.clientHeight];
  }

  // In comparison a place that was chosen is on both sides of the divider: all of it is seen
  // before and after.
  get beside() {
    return this.goal !== null && this.view === "compare" && !this.marked;
  }

  // The part of the stage that a picture has.
  get room() {
    const [width, height] = this.size;
    return [this.beside ? width / 2 : width, height];
  }

  // Where on the left side is what is at a point of the right one.
  inRoom(x) {
    return this.beside && x > this.room[0] ? x - this.room[0] : x;
  }

  get fitting() {
    const [width, height] = this.room;
    return Math.min(width / this.width, height / this.height);
  }

  get zoomed() {
    return this.scale > this.fitting * 1.001;
  }

  fit() {
    this.goal = null;
    this.scale = this.fitting;
    this.x = this.y = 0;
    this.place();
  }

  // Moves what is under a point of the stage nowhere.
  zoom(factor, x = this.room[0] / 2, y = this.room[1] / 2) {
    x = this.inRoom(x);
    const least = Math.min(this.fitting, 1), most = Math.max(64, this.fitting);
    const scale = Math.min(Math.max(this.scale * factor, least), most);
    this.x = x - ((x - this.x) * scale) / this.scale;
    this.y = y - ((y - this.y) * scale) / this.scale;
    this.scale = scale;
    this.place();
  }

  move(x, y) {
    this.x += x;
    this.y += y;
    this.place();
  }

  // Shows a square of the whole picture in the middle, with a ring around a pixel of it; or the
  // pixel alone, no smaller than it is shown.
  show(goal) {
    this.goal = goal;
    const { x, y, side } = goal;
    const [width, height] = this.room;
    this.scale = side ? (0.8 * this.report.step * Math.min(width, height)) / side : Math.max(16, this.scale);
    this.x = width / 2 - (x / this.report.step) * this.scale;
    this.y = height / 2 - (y / this.report.step) * this.scale;
    this.place();
  }

  setSplit(split) {
    this.split = Math.min(Math.max(split, 0), 1);
    this.place();
  }

  setView(view) {
    this.view = view;
    if (this.goal) this.show(this.goal);
    else this.place();
  }

  setCandidate(number) {
    this.candidate = number;
    if (this.goal) this.goal = { ...this.goal, ring: null, frame: null };
    this.images.forEach((image, index) => { image.hidden = index !== number; });
    for (const spot of this.spots) spot.remove();
    this.spots = this.report.candidates[number].places.map((place, index) => {
      const spot = document.createElement("span");
      spot.className = "spot";
      spot.ariaHidden = "true";
      const number = Object.assign(document.createElement("b"), { textContent: index + 1 });
      this.makeButton(number, () => this.onPlace(index));
      spot.append(number); // its only child
      this.stage.insertBefore(spot, this.divider);
      return spot;
    });
    this.place();
  }

  // Lies on the picture, but is neither the divider nor the picture that is dragged.
  makeButton(element, onClick) {
    element.addEventListener("click", onClick);
    for (const kind of ["pointerdown", "dblclick"]) element.addEventListener(kind, (event) => event.stopPropagation());
  }

  place() {
    const [stageWidth] = this.size, [width, height] = this.room;
    const across = this.width * this.scale, down = this.height * this.scale;
    const within = (at, length, room) =>
      length <= room ? (room - length) / 2 : Math.min(Math.max(at, room - length), 0);
    this.x = within(this.x, across, width);
    this.y = within(this.y, down, height);
    this.layers.style.transform = `translate(${this.x}px, ${this.y}px) scale(${this.scale})`;
    this.layers.style.setProperty("--cell", `${16 / this.scale}px`);
    this.layers.classList.toggle("sharp", this.scale * devicePixelRatio >= 1);
    const comparing = this.view === "compare", { beside } = this;
    const cut = comparing ? (this.split * width - this.x) / this.scale
      : this.view === "original" ? this.width : 0;
    const left = Math.min(Math.max(cut, 0), this.width);
    const image = this.images[this.candidate];
    this.original.style.clipPath = `inset(0 ${this.width - left}px 0 0)`;
    image.style.clipPath = `inset(0 0 0 ${left}px)`;
    image.style.transform = "";
    if (beside) {
      const first = Math.max(-this.x / this.scale, 0);
      const rest = Math.max(this.width - (width - this.x) / this.scale, 0);
      this.original.style.clipPath = image.style.clipPath = `inset(0 ${rest}px 0 ${first}px)`;
      image.style.transform = `translateX(${width / this.scale}px)`;
    }
    this.divider.hidden = !comparing || this.marked;
    this.divider.style.left = `${beside ? width : this.split * width}px`;
    this.divider.classList.toggle("fixed", beside);
    this.range.value = 100 * this.split;
    this.range.setAttribute("aria-valuetext", `${Math.round(100 * this.split)} percent original`);
    this.range.disabled = !comparing;
    this.fits = !this.zoomed;
    this.back.hidden = !this.goal && !this.marked;
    this.stage.classList.toggle("zoomed", !this.fits || beside);
    this.stage.classList.toggle("fits", this.fits);
    this.stage.classList.toggle("compare", comparing && !beside);
    this.placeMarks(stageWidth, width, height);
    this.onScale(this.scale);
  }

  // What is drawn over the picture: rings, places and their numbers, and what sides are called.
  placeMarks(stageWidth, width, height) {
    const { worst, places } = this.report.candidates[this.candidate];
    const pace = this.scale / this.report.step, { beside } = this;
    const at = (column, row) => [this.x + column * pace, this.y + row * pace];
    const inSight = ([x, y]) => x >= 0 && y >= 0 && x <= width && y <= height;
    const put = (mark, [x, y]) => { mark.style.left = `${x}px`; mark.style.top = `${y}px`; };
    const marks = []; // left, top, right, bottom of what must not be under what sides are called
    this.ring.hidden = !worst;
    if (worst) {
      const [x, y] = at(worst[0] + 0.5, worst[1] + 0.5), seen = inSight([x, y]);
      put(this.ring, [x, y]);
      // What is out of sight is not stopped at.
      this.ring.tabIndex = seen ? 0 : -1;
      this.ring.style.visibility = beside && !seen ? "hidden" : "";
      if (seen) marks.push([x - 16, y - 16, x + 16, y + 16]);
    }
    this.rings.forEach((ring, side) => {
      ring.hidden = !this.goal?.ring || (side > 0 && !beside);
      if (ring.hidden) return;
      const [x, y] = at(...this.goal.ring);
      put(ring, [x + side * width, y]);
      marks.push([x - 16, y - 16, x + 16, y + 16]);
    });
    this.spots.forEach((spot, index) => {
      const [column, row, side] = places[index];
      const [x, y] = at(column, row), length = side * pace;
      spot.hidden = (beside || index >= TOLD) && this.goal?.frame !== index;
      spot.style.transform = `translate(${x}px, ${y}px)`;
      spot.style.width = spot.style.height = `${length}px`;
      if (!spot.hidden) marks.push([x, y, x + length, y + length]);
    });
    this.spots.forEach((spot, index) => {
      if (spot.hidden) return;
      const [column, row, side] = places[index];
      const [left, top] = this.besideSpot(...at(column, row), side * pace, width, height, marks);
      marks.push([left, top, left + NUMBER, top + NUMBER]);
      const [x, y] = at(column, row);
      spot.firstChild.style.transform = `translate(${left - x - 1.5}px, ${top - y - 1.5}px)`;
    });
    const framed = beside && this.goal.frame !== null && this.goal.frame !== undefined;
    this.frame.hidden = !framed;
    if (framed) {
      const [column, row, side] = places[this.goal.frame];
      const [x, y] = at(column, row);
      this.frame.style.transform = `translate(${x + width}px, ${y}px)`;
      this.frame.style.width = this.frame.style.height = `${side * pace}px`;
    }
    this.tags.forEach((tag, side) => {
      tag.hidden = this.marked || !(this.view === "compare" || this.view === (side ? "compressed" : "original"));
      if (tag.hidden) return;
      const length = tag.offsetWidth + 8;
      const from = side ? stageWidth - length : 0, to = side ? stageWidth : length;
      const meets = (top) => marks.some(([x, y, right, bottom]) => x < to && right > from && y < top + 36 && bottom > top);
      tag.classList.toggle("low", meets(0) && !meets(height - 36));
    });
  }

  // Where a square's number covers neither what it marks nor another mark, within the stage.
  besideSpot(x, y, side, width, height, marks) {
    const far = side + 1, near = -NUMBER - 1, most = [width - NUMBER, height - NUMBER];
    const corners = [[0, near], [side - NUMBER, near], [0, far], [side - NUMBER, far], [near, 0], [far, 0], [near, near], [far, far], [near, far], [far, near]]
      .map((away) => [x + away[0], y + away[1]].map((at, axis) => Math.min(Math.max(at, 0), most[axis])));
    const meets = ([left, top]) => marks.filter(([x, y, right, bottom]) =>
      left < right && left + NUMBER > x && top < bottom && top + NUMBER > y).length;
    return corners.reduce((best, each) => (meets(each) < meets(best) ? each : best));
  }

  // Column and row of what is shown at a point of the stage.
  pixelAt(x, y) {
    x = this.inRoom(x);
    const column = Math.floor((x - this.x) / this.scale);
    const row = Math.floor((y - this.y) / this.scale);
    return column >= 0 && row >= 0 && column < this.width && row < this.height ? [column, row] : null;
  }

  listen() {
    const stage = this.stage;
    const at = (event) => {
      const box = stage.getBoundingClientRect();
      return [event.clientX - box.left, event.clientY - box.top];
    };
    stage.addEventListener("pointerdown", (event) => {
      if (event.button) return;
      const [x, y] = at(event);
      const near = Math.abs(x - this.split * this.size[0]) < (event.pointerType === "mouse" ? 14 : 28);
      this.pointers.set(event.pointerId, [x, y]);
      const divided = this.view === "compare" && !this.beside && !this.marked;
      this.dragging = divided && (near || !this.zoomed) ? "divider" : "picture";
      stage.setPointerCapture(event.pointerId);
      if (this.dragging === "divider") this.setSplit(x / this.size[0]);
    });
    stage.addEventListener("pointermove", (event) => {
      const [x, y] = at(event);
      this.onPoint(this.pixelAt(x, y));
      const last = this.pointers.get(event.pointerId);
      if (!last) return;
      if (this.pointers.size === 2) {
        const other = [...this.pointers].find(([id]) => id !== event.pointerId)[1];
        const before = Math.hypot(last[0] - other[0], last[1] - other[1]);
        const after = Math.hypot(x - other[0], y - other[1]);
        this.move((x - last[0]) / 2, (y - last[1]) / 2);
        if (before > 0) this.zoom(after / before, (x + other[0]) / 2, (y + other[1]) / 2);
      } else if (this.dragging === "divider") this.setSplit(x / this.size[0]);
      else this.move(x - last[0], y - last[1]);
      this.pointers.set(event.pointerId, [x, y]);
    });
    const end = (event) => this.pointers.delete(event.pointerId);
    stage.addEventListener("pointerup", end);
    stage.addEventListener("pointercancel", end);
    stage.addEventListener("dblclick", (event) => this.zoom(event.shiftKey ? 0.5 : 2, ...at(event)));
    stage.addEventListener("wheel", (event) => {
      if (!event.ctrlKey && !event.metaKey) return;
      event.preventDefault();
      this.zoom(Math.exp(-event.deltaY / 300), ...at(event));
    }, { passive: false });
    stage.addEventListener("keydown", (event) => this.press(event));
    this.makeButton(this.ring, () => this.onWorst());
    this.makeButton(this.back, () => this.onBack());
    this.range.addEventListener("input", () => {
      this.goal = null; // the divider is moved over the picture again
      this.setSplit(this.range.value / 100);
    });
    document.getElementById("zoom-in").addEventListener("click", () => this.zoom(2));
    document.getElementById("zoom-out").addEventListener("click", () => this.zoom(0.5));
    document.getElementById("zoom-fit").addEventListener("click", () => this.fit());
    document.getElementById("zoom-one").addEventListener("click", () => this.zoom(1 / this.scale));
    new ResizeObserver(() => (this.fits ? this.fit() : this.place())).observe(stage);
  }

  press(event) {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const pace = event.shiftKey ? 200 : 50;
    const keys = {
      ArrowLeft: () => this.move(pace, 0),
      ArrowRight: () => this.move(-pace, 0),
      ArrowUp: () => this.move(0, pace),
      ArrowDown: () => this.move(0, -pace),
      "+": () => this.zoom(2),
      "=": () => this.zoom(2),
      "-": () => this.zoom(0.5),
      0: () => this.fit(),
      1: () => this.zoom(1 / this.scale),
    };
    const wanted = keys[event.key];
    // Where there is nowhere to move to, arrows scroll the page.
    if (!wanted || (event.key.startsWith("Arrow") && !this.zoomed)) return;
    event.preventDefault();
    wanted();
    this.onPoint(this.pixelAt(this.room[0] / 2, this.room[1] / 2));
  }
}
