// The stage: layers of equal size that are moved and enlarged together, so that all stay in step.

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
    this.spots = [];
    this.range = document.getElementById("split");
    this.width = Math.ceil(report.width / report.step);
    this.height = Math.ceil(report.height / report.step);
    this.view = "compare";
    this.split = 0.5;
    this.candidate = 0;
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

  get fitting() {
    const [width, height] = this.size;
    return Math.min(width / this.width, height / this.height);
  }

  get zoomed() {
    return this.scale > this.fitting * 1.001;
  }

  fit() {
    this.scale = this.fitting;
    this.x = this.y = 0;
    this.place();
  }

  // Moves what is under a point of the stage nowhere.
  zoom(factor, x = this.size[0] / 2, y = this.size[1] / 2) {
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

  // Shows a place of the whole picture in the middle.
  center(x, y, scale) {
    const [width, height] = this.size;
    this.scale = scale;
    this.x = width / 2 - (x / this.report.step) * scale;
    this.y = height / 2 - (y / this.report.step) * scale;
    this.place();
  }

  setSplit(split) {
    this.split = Math.min(Math.max(split, 0), 1);
    this.place();
  }

  setView(view) {
    this.view = view;
    this.place();
  }

  setCandidate(number) {
    this.candidate = number;
    this.images.forEach((image, index) => { image.hidden = index !== number; });
    for (const spot of this.spots) spot.remove();
    this.spots = this.report.candidates[number].places.map((place, index) => {
      const spot = document.createElement("span");
      spot.className = "spot";
      spot.ariaHidden = "true";
      const number = Object.assign(document.createElement("b"), { textContent: index + 1 });
      this.makeButton(number, () => this.onPlace(index));
      spot.append(number);
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
    const [width, height] = this.size;
    const across = this.width * this.scale, down = this.height * this.scale;
    const within = (at, length, room) =>
      length <= room ? (room - length) / 2 : Math.min(Math.max(at, room - length), 0);
    this.x = within(this.x, across, width);
    this.y = within(this.y, down, height);
    this.layers.style.transform = `translate(${this.x}px, ${this.y}px) scale(${this.scale})`;
    this.layers.style.setProperty("--cell", `${16 / this.scale}px`);
    this.layers.classList.toggle("sharp", this.scale * devicePixelRatio >= 1);
    const comparing = this.view === "compare";
    const cut = comparing ? (this.split * width - this.x) / this.scale
      : this.view === "original" ? this.width : 0;
    const left = Math.min(Math.max(cut, 0), this.width);
    this.original.style.clipPath = `inset(0 ${this.width - left}px 0 0)`;
    this.images[this.candidate].style.clipPath = `inset(0 0 0 ${left}px)`;
    this.where.style.clipPath = `inset(0 0 0 ${left}px)`; // what is called the original stays it
    this.divider.hidden = !comparing;
    this.divider.style.left = `${this.split * width}px`;
    document.getElementById("tag-original").hidden = this.view !== "original" && !comparing;
    document.getElementById("tag-compressed").hidden = this.view !== "compressed" && !comparing;
    this.range.value = 100 * this.split;
    this.range.setAttribute("aria-valuetext", `${Math.round(100 * this.split)} percent original`);
    this.range.disabled = !comparing;
    this.fits = !this.zoomed;
    this.stage.classList.toggle("zoomed", !this.fits);
    this.stage.classList.toggle("fits", this.fits);
    this.stage.classList.toggle("compare", comparing);
    const worst = this.report.candidates[this.candidate].worst;
    this.ring.hidden = !worst;
    if (worst) {
      const [left, top] = [this.x, this.y].map((at, axis) => at + ((worst[axis] + 0.5) / this.report.step) * this.scale);
      this.ring.style.left = `${left}px`;
      this.ring.style.top = `${top}px`;
      // What is out of sight is not stopped at.
      this.ring.tabIndex = left >= 0 && top >= 0 && left <= width && top <= height ? 0 : -1;
    }
    this.spots.forEach((spot, index) => {
      const [left, top, side] = this.report.candidates[this.candidate].places[index];
      const pace = this.scale / this.report.step;
      spot.hidden = this.view === "original";
      spot.style.transform = `translate(${this.x + left * pace}px, ${this.y + top * pace}px)`;
      spot.style.width = spot.style.height = `${side * pace}px`;
    });
    this.onScale(this.scale);
  }

  // Column and row of what is shown at a point of the stage.
  pixelAt(x, y) {
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
      this.dragging = this.view === "compare" && (near || !this.zoomed) ? "divider" : "picture";
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
    this.range.addEventListener("input", () => this.setSplit(this.range.value / 100));
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
    this.onPoint(this.pixelAt(this.size[0] / 2, this.size[1] / 2));
  }
}
