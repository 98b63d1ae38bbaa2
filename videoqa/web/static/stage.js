// The clip on the stage: the player, the frames that the model saw, and the heat over a frame.

import { byId, make, say, seconds, show, still } from "./draw.js";

const video = byId("video"), picture = byId("picture"), heatCanvas = byId("heat"), strip = byId("strip");
const JUST_INSIDE_SECONDS = 0.001;  // a frame begins at its time; rounding must not end up before it

let clip = null;         // {times, frames: [promise of an address], load(place)}
let place = 0;           // the frame that is chosen
let playable = false, view = "video";
let source = null, heats = new Map(), heatOf = "";
let onTime = () => {};

/** Set what is told the time that is shown, in seconds. */
export function onShown(told) { onTime = told; }

/** Show a new clip: its file, if there is one, before the service has seen it. */
export function openClip(name, blob) {
  closeClip();
  byId("clip-name").textContent = name;
  note("");
  playable = Boolean(blob);
  setView("video");
  if (!blob) { emptyScreen("Fetching the frames…"); return; }
  source = URL.createObjectURL(blob);
  emptyScreen("");
  show(video);
  video.src = source;
  if (!still()) video.play().catch(() => { /* the user can press play */ });
}

export function closeClip() {
  clip?.frames.forEach(frame => frame?.then(URL.revokeObjectURL, () => {}));
  clip = null;
  place = 0;
  heats = new Map();
  video.pause();
  video.removeAttribute("src");
  if (source) URL.revokeObjectURL(source);
  source = null;
  picture.removeAttribute("src");
  show(byId("frames-box"), false);
  show(heatCanvas, false);
}

/** Show the frames that the model saw; `load(place)` gives a promise of the blob of one. */
export function showFrames(times, load) {
  clip = { times, frames: [], load };
  strip.replaceChildren(...times.map((_, number) => make("img", { alt: "", "data-place": number })));
  strip.setAttribute("aria-valuemax", times.length);
  const seen = new IntersectionObserver(entries => {
    for (const { isIntersecting, target } of entries) if (isIntersecting) {
      seen.unobserve(target);
      frame(Number(target.dataset.place)).then(address => { target.src = address; }, () => {});
    }
  }, { root: strip, rootMargin: "200px" });
  for (const thumbnail of strip.children) seen.observe(thumbnail);
  show(byId("frames-box"), times.length > 0);
  choose(0);
  if (!playable) refused();
  else setView(view);
}

/** Return a promise of the address of a frame's picture. */
export function frame(number) {
  const asked = clip;
  asked.frames[number] ??= asked.load(number).then(URL.createObjectURL);
  asked.frames[number].catch(() => { delete asked.frames[number]; });  // asked for again the next time
  return asked.frames[number];
}

function refused() {
  playable = false;
  show(video, false);
  if (!clip) { emptyScreen("This browser cannot play the file. The frames that the model saw come in a moment."); return; }
  if (!clip.times.length) { emptyScreen("This model answers without looking at the clip."); return; }
  setView("frames");
  note(source ? "This browser cannot play the file. These are the frames that the model saw."
    : "The file is not kept in this browser. These are the frames that the model saw.");
}
video.addEventListener("error", () => { if (source && playable) refused(); });
video.addEventListener("loadedmetadata", () => { if (video.videoWidth === 0) refused(); });  // sound alone

/** Say on the screen why nothing is shown; "": something is. */
export function emptyScreen(text) {
  byId("screen-empty").textContent = text;
  show(byId("screen-empty"), text !== "");
  if (text) { show(video, false); show(picture, false); }
}

export function note(text) {
  byId("stage-note").textContent = text;
  show(byId("stage-note"), text !== "");
}

function setView(wanted) {
  view = playable ? wanted : "frames";
  const frames = view === "frames" && clip !== null && clip.times.length > 0;
  show(byId("views"), playable);
  byId("view-video").setAttribute("aria-pressed", String(!frames));
  byId("view-frames").setAttribute("aria-pressed", String(frames));
  if (frames) { video.pause(); emptyScreen(""); choose(place); }
  show(picture, frames);
  show(video, playable && !frames);
  drawHeat();
}
byId("view-video").addEventListener("click", () => setView("video"));
byId("view-frames").addEventListener("click", () => setView("frames"));

function nearest(time) {
  let best = 0;
  clip.times.forEach((each, number) => {
    if (Math.abs(each - time) < Math.abs(clip.times[best] - time)) best = number;
  });
  return best;
}

/** Choose a frame: mark it in the strip, and show it if frames are shown. */
function choose(number) {
  if (!clip || !clip.times.length) return;
  place = Math.max(0, Math.min(clip.times.length - 1, number));
  for (const thumbnail of strip.children) thumbnail.classList.toggle("chosen", Number(thumbnail.dataset.place) === place);
  const thumbnail = strip.children[place];
  strip.scrollLeft = thumbnail.offsetLeft - (strip.clientWidth - thumbnail.clientWidth) / 2;
  const text = `Frame ${place + 1} of ${clip.times.length}, ${seconds(clip.times[place])}`;
  byId("frame-text").textContent = text;
  strip.setAttribute("aria-valuenow", place + 1);
  strip.setAttribute("aria-valuetext", text);
  if (view === "frames") {
    const asked = clip, wanted = place;
    picture.alt = text;
    frame(place).then(address => {
      if (clip === asked && place === wanted) picture.src = address;
    }, () => {});
  }
  drawHeat();
}

/** Go to a frame: the player too. */
export function goToFrame(number) {
  choose(number);
  seek(clip.times[place]);
}

/** Go to a moment, in seconds. */
export function goTo(time) {
  if (!clip) return;
  choose(nearest(time));
  seek(time);
}

function seek(time) {
  onTime(time);
  if (!playable) return;
  video.pause();
  video.currentTime = time + JUST_INSIDE_SECONDS;
}

/** Show a frame itself, with its heat. */
export function showFrame(number) {
  setView("frames");
  goToFrame(number);
}

/** Bring the screen into sight, on a phone. */
export function lookAtScreen() {
  byId("screen").scrollIntoView({ block: "nearest", behavior: still() ? "auto" : "smooth" });
}

video.addEventListener("timeupdate", () => {
  if (!clip || video.paused) return;
  choose(nearest(video.currentTime));
  onTime(video.currentTime);
});

strip.addEventListener("click", event => {
  const chosen = event.target.closest("img");
  if (chosen) goToFrame(Number(chosen.dataset.place));
});

/** Step through frames with the keys of a slider. */
document.addEventListener("keydown", event => {
  const beside = event.target !== strip;  // elsewhere on the stage the other keys have their usual meaning
  if (beside && (!["ArrowLeft", "ArrowRight"].includes(event.key) || event.target === video)) return;
  if (event.target !== document.body && !byId("stage").contains(event.target)) return;
  if (!clip?.times.length || event.ctrlKey || event.altKey || event.metaKey) return;
  const far = event.shiftKey ? 10 : 1, last = clip.times.length - 1;
  const steps = {
    ArrowLeft: place - far, ArrowDown: place - far, ArrowRight: place + far, ArrowUp: place + far,
    PageDown: place - 10, PageUp: place + 10, Home: 0, End: last,
  };
  if (!(event.key in steps)) return;
  event.preventDefault();
  goToFrame(steps[event.key]);
});

/** Set where in frames the model found what speaks for an answer: place → rows of numbers in [0, 1]. */
export function setHeat(found, answer) {
  heats = found;
  heatOf = answer;
  drawHeat();
}

function drawHeat() {
  const rows = view === "frames" ? heats.get(place) : undefined;
  show(byId("heat-label"), view === "frames" && heats.size > 0);
  const shown = rows !== undefined && byId("heat-on").checked && picture.naturalWidth > 0;
  show(heatCanvas, shown);
  if (!shown) return;
  const scale = Math.min(picture.clientWidth / picture.naturalWidth, picture.clientHeight / picture.naturalHeight);
  const width = picture.naturalWidth * scale, height = picture.naturalHeight * scale;
  heatCanvas.style.width = `${width}px`;
  heatCanvas.style.height = `${height}px`;
  heatCanvas.style.left = `${picture.offsetLeft + (picture.clientWidth - width) / 2}px`;
  heatCanvas.style.top = `${picture.offsetTop + (picture.clientHeight - height) / 2}px`;
  paintHeat(heatCanvas, rows, Math.round(width), Math.round(height));
}
byId("heat-on").addEventListener("change", () => { drawHeat(); say(byId("heat-on").checked ? `Heat shows where the frame speaks for ${heatOf}.` : "Heat is off."); });
picture.addEventListener("load", drawHeat);
new ResizeObserver(drawHeat).observe(byId("screen"));

/** Paint heat on a canvas: warm and opaque where the frame speaks most for the answer. */
export function paintHeat(canvas, rows, width, height) {
  const small = make("canvas");
  small.width = rows[0].length;
  small.height = rows.length;
  const pixels = new ImageData(small.width, small.height);
  rows.flat().forEach((share, number) => {
    pixels.data.set([255, Math.round(200 - 150 * share), 30, Math.round(190 * share)], 4 * number);
  });
  small.getContext("2d").putImageData(pixels, 0, 0);
  canvas.width = width;
  canvas.height = height;
  const drawn = canvas.getContext("2d");
  drawn.imageSmoothingQuality = "high";
  drawn.drawImage(small, 0, 0, width, height);
}
