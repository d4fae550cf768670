// What the controls do.

const report = JSON.parse(document.getElementById("data").textContent);
const element = (id) => document.getElementById(id);
const readout = element("readout"), status = element("status");
const toWorst = element("to-worst"); // is not there if nothing was lost
const errorsCanvas = element("errors"), whereCanvas = element("where");
const viewer = new Viewer(report, (pixel) => point(pixel));
const space = new Space(element("space"));
const colorsOfErrors = errorColors(report.scale);
const state = { candidate: 0, chosen: null, drawnErrors: -1, original: null, pictures: [], pixel: null };
const NOTHING_READ = matchMedia("(hover: none)").matches ? "Tap a pixel to read its colors." : readout.textContent;

function rgbaOf(number) {
  state.pictures[number] ??= decodePng(viewer.images[number].src);
  return state.pictures[number];
}

function swatch(rgba, at) {
  const color = document.createElement("i");
  color.style.background = hex(rgba, at);
  return color;
}

// Tells the colors of a pixel before and after.
function point(pixel) {
  if (!pixel || !state.original || !state.current) return;
  state.pixel = pixel;
  const [x, y] = pixel;
  const at = 4 * (y * state.original.width + x);
  const before = state.original.rgba, after = state.current.rgba;
  const error = errorAt(before, after, at, report.candidates[state.candidate].exact);
  readout.replaceChildren(`Column ${x * report.step}, row ${y * report.step}: `, swatch(before, at),
    ` ${hex(before, at)} → `, swatch(after, at), ` ${hex(after, at)}, off by ${error} of 255`);
}

// Tells the same pixel of what is shown now.
function pointAgain() {
  if (state.pixel) point(state.pixel);
  else readout.textContent = NOTHING_READ;
}

// Shows a place enlarged, with a frame around it and a ring around the pixel that shows what
// changed there, and tells that pixel.
function showSpot(index) {
  const [x, y, side, ...pixel] = report.candidates[state.candidate].places[index];
  if (viewer.view === "original") compare();
  choose(null);
  const ring = pixel.length ? pixel.map((at) => at + 0.5) : null;
  viewer.show({ x: x + side / 2, y: y + side / 2, side, ring, frame: index });
  if (ring) tellPixel(...pixel, "the pixel that changed");
  viewer.stage.scrollIntoView({ block: "nearest" });
}

// Tells a pixel of the whole picture, if the page has it.
function tellPixel(x, y, what) {
  if (x % report.step || y % report.step) {
    state.pixel = null;
    readout.textContent = `Column ${x}, row ${y}: ${what}. It is between the pixels shown; the picture was reduced for this page`;
  } else point([x / report.step, y / report.step]);
}

function showWorst() {
  const { worst: [x, y], worst_error: error } = report.candidates[state.candidate];
  choose(null);
  viewer.show({ x: x + 0.5, y: y + 0.5, side: null, ring: [x + 0.5, y + 0.5], frame: null });
  tellPixel(x, y, `the worst pixel, off by ${error} of 255`);
}

function compare() {
  document.querySelector('input[name="view"][value="compare"]').checked = true;
  viewer.setView("compare");
}

async function show(number) {
  state.candidate = number;
  viewer.setCandidate(number);
  for (const part of document.querySelectorAll(".of-candidate")) part.hidden = Number(part.dataset.candidate) !== number;
  for (const part of document.querySelectorAll(".curve .point, .all tr[data-candidate]")) {
    part.classList.toggle("chosen", Number(part.dataset.candidate) === number);
  }
  for (const name of document.querySelectorAll(".shown")) name.textContent = report.candidates[number].title;
  if (toWorst) toWorst.disabled = !report.candidates[number].worst;
  const row = document.querySelector(".choice"), label = row?.querySelector("input:checked").parentElement;
  row?.scrollTo(label.offsetLeft + (label.offsetWidth - row.clientWidth) / 2, 0);
  const picture = await rgbaOf(number);
  if (state.candidate !== number) return;
  state.current = picture;
  const chosen = document.querySelector(`input[name="word-${number}"]:checked`);
  choose(chosen && chosen.value !== "" ? Number(chosen.value) : null);
  space.show({ words: report.candidates[number].colors });
  drawView();
  drawPlaces();
  pointAgain();
  document.documentElement.dataset.shown = number;
}

function drawView() {
  const errors = viewer.view === "errors";
  element("scale").hidden = errorsCanvas.hidden = !errors;
  if (errors && state.current && state.drawnErrors !== state.candidate) {
    drawErrors(errorsCanvas, state.original, state.current, report.candidates[state.candidate].exact, colorsOfErrors);
    state.drawnErrors = state.candidate;
  }
}

// All of what the picture became is in sight, or half of it beside the original.
function showAll() {
  if (viewer.view === "original") compare();
  viewer.fit();
}

// Shows where a code-word is, all over the picture; null ends that.
function choose(label) {
  if (label === null) {
    const none = document.querySelector(`input[name="word-${state.candidate}"][value=""]`);
    if (none) none.checked = true;
  }
  state.chosen = label;
  state.reach = null;
  whereCanvas.hidden = label === null || !state.current?.labels;
  if (viewer.marked === whereCanvas.hidden) {
    viewer.marked = !whereCanvas.hidden;
    viewer.place();
  }
  space.show({ chosen: label });
  drawChosen(viewer.scale);
}

function drawChosen(scale) {
  const section = document.querySelector(`.of-candidate[data-candidate="${state.candidate}"] .map`);
  if (section) section.hidden = whereCanvas.hidden;
  if (whereCanvas.hidden) return;
  const [, ...word] = report.candidates[state.candidate].colors.find((each) => each[0] === state.chosen);
  const total = viewer.width * viewer.height;
  const reach = spread(word[word.length - 1] * total, total, scale);
  if (reach === state.reach) return;
  state.reach = reach;
  drawWhere(whereCanvas, state.current, state.chosen, scale);
  const label = document.querySelector(`input[name="word-${state.candidate}"]:checked ~ span`);
  drawMap(section.querySelector("canvas"), whereCanvas);
  section.querySelector("figcaption").textContent = `Where ${label.textContent.trim()} is, in orange`;
}

// The places beside the picture.
function drawPlaces() {
  const places = document.querySelectorAll(`.of-candidate[data-candidate="${state.candidate}"] .place`);
  for (const place of places) {
    const { x, y, side } = place.dataset;
    for (const canvas of place.querySelectorAll("canvas")) {
      const image = canvas.dataset.picture === "original" ? viewer.original : viewer.images[state.candidate];
      canvas.width = canvas.height = side;
      canvas.getContext("2d").drawImage(image, x, y, side, side, 0, 0, side, side);
    }
  }
}

function listen() {
  for (const radio of document.querySelectorAll('input[name="candidate"]')) {
    radio.addEventListener("change", () => show(Number(radio.value)));
  }
  for (const radio of document.querySelectorAll('input[name="view"]')) {
    radio.addEventListener("change", () => {
      choose(null);
      viewer.setView(radio.value);
      drawView();
      pointAgain();
    });
  }
  for (const radio of document.querySelectorAll('input[name="space"]')) {
    radio.addEventListener("change", () => space.show({ kind: radio.value }));
  }
  for (const radio of document.querySelectorAll(".swatch input")) {
    radio.addEventListener("change", () => {
      if (radio.value !== "") showAll();
      choose(radio.value === "" ? null : Number(radio.value));
    });
  }
  for (const place of document.querySelectorAll("[data-place]")) {
    place.addEventListener("click", () => showSpot(Number(place.dataset.place)));
  }
  toWorst?.addEventListener("click", showWorst);
  viewer.onWorst = showWorst;
  viewer.onPlace = showSpot;
  viewer.onBack = () => {
    choose(null);
    viewer.fit();
  };
  viewer.onScale = (scale) => { if (state.chosen !== null) drawChosen(scale); };
}

async function begin() {
  listen();
  readout.textContent = NOTHING_READ;
  // Figures are folded where the picture has little room.
  if (innerWidth < 520) for (const more of document.querySelectorAll(".more-figures")) more.open = false;
  state.original = await decodePng(viewer.original.src);
  await Promise.all([viewer.original.decode(), ...viewer.images.map((image) => image.decode())]);
  space.show({ colors: pictureColors(state.original.rgba) });
  const checked = document.querySelector('input[name="candidate"]:checked');
  await show(checked ? Number(checked.value) : 0);
  const view = document.querySelector('input[name="view"]:checked');
  viewer.setView(view.value);
  drawView();
  document.documentElement.dataset.ready = "yes";
}

begin().catch((error) => {
  status.textContent = `This browser cannot draw the comparison: ${error.message}`;
});
