// The clip of a task: the player, its frames where the browser cannot play it, and steps from frame to frame.

import { address, getJson } from "./api.js";
import { byId, make, seconds, show, still } from "./draw.js";

const video = byId("video"), picture = byId("picture"), strip = byId("strip");
const USUAL_FRAME_SECONDS = 1 / 25, JUST_INSIDE_SECONDS = 0.001, FAR = 5;
const NEARLY_SECONDS = 0.02;  // a player may end up a little before the time that it is sent to

let clip = null;   // {task, start, end, frames: [{url, seconds}], frameSeconds, place, plays, why}

/** Show the clip of a task. */
export function openClip(task) {
  clip = { task, start: task.start_seconds ?? 0, end: task.end_seconds, frames: [], frameSeconds: USUAL_FRAME_SECONDS,
    place: 0, plays: task.video !== null, why: "" };
  note("");
  empty("");
  show(byId("frames-box"), false);
  show(picture, false);
  picture.removeAttribute("src");
  video.loop = clip.start === 0 && clip.end === null;
  if (clip.plays) {
    show(video);
    video.src = address(task.video) + (clip.start ? `#t=${clip.start}` : "");
    if (!still()) play();
  } else {
    stopVideo();
    refused();
  }
  loadFrames(clip);
}

export function closeClip() {
  clip = null;
  stopVideo();
}

const play = () => video.play().catch(() => { /* it is not allowed to yet, or the next clip came */ });

function stopVideo() {
  video.pause();
  video.removeAttribute("src");
  video.load();   // else it goes on fetching
  show(video, false);
}

async function loadFrames(opened) {
  try {
    const reply = await getJson(opened.task.frames);
    opened.frames = reply.frames;
    opened.frameSeconds = reply.frame_seconds ?? USUAL_FRAME_SECONDS;
  } catch (error) {
    opened.why = `${error.message} ${error.advice ?? ""}`.trim();
  }
  if (clip !== opened) return;
  strip.replaceChildren(...clip.frames.map(({ url }, number) => make("img", { alt: "", src: address(url), "data-place": number })));
  strip.setAttribute("aria-valuemax", clip.frames.length);
  show(byId("frames-box"), clip.frames.length > 0);
  if (!clip.plays) refused();
  choose(0);
}

function refused() {
  clip.plays = false;
  stopVideo();
  if (clip.frames.length) {
    empty("");
    show(picture);
    note(clip.task.video ? "This browser cannot play the file. These are frames of it." : "");
    choose(clip.place);
  } else if (clip.why) {
    empty("This clip cannot be shown.");
    note(clip.why);
  } else {
    empty("Fetching the frames…");
  }
}
video.addEventListener("error", () => { if (clip?.plays && video.getAttribute("src")) refused(); });
video.addEventListener("loadedmetadata", () => {
  if (!clip?.plays) return;
  const isPast = clip.start >= video.duration;
  if (isPast) clip.why ||= `It begins at ${seconds(clip.start)} of a video that ends at ${seconds(video.duration)}.`;
  if (isPast || video.videoWidth === 0) refused();   // no picture: sound alone
});

// Only the part that is meant is played.
function stay() {
  if (!clip?.plays) return;
  if (clip.end !== null && video.currentTime >= clip.end - JUST_INSIDE_SECONDS) video.currentTime = clip.start;
  else if (video.currentTime < clip.start - NEARLY_SECONDS) video.currentTime = clip.start;
}
function watch() {
  if (!video.paused) stay();
  video.requestVideoFrameCallback?.(watch);
}
video.requestVideoFrameCallback?.(watch);
video.addEventListener("seeking", stay);
video.addEventListener("ended", () => { if (clip && !video.loop) { video.currentTime = clip.start; play(); } });
video.addEventListener("durationchange", () => { if (clip?.plays) mark(nearest(video.currentTime)); });
video.addEventListener("timeupdate", () => {
  if (!clip?.plays) return;
  if (!video.paused) stay();
  mark(nearest(video.currentTime));
});

function nearest(time) {
  let best = 0;
  clip.frames.forEach(({ seconds: each }, number) => {
    if (Math.abs(each - time) < Math.abs(clip.frames[best].seconds - time)) best = number;
  });
  return best;
}

/** Mark a frame in the strip, with the time that is shown. */
function mark(number) {
  if (!clip.frames.length) return;
  clip.place = Math.max(0, Math.min(clip.frames.length - 1, number));
  for (const small of strip.children) small.classList.toggle("chosen", Number(small.dataset.place) === clip.place);
  const small = strip.children[clip.place], time = clip.frames[clip.place].seconds;
  strip.scrollLeft = small.offsetLeft - (strip.clientWidth - small.clientWidth) / 2;
  const at = clip.plays ? video.currentTime : time;
  const text = `Frame ${clip.place + 1} of ${clip.frames.length}${at === null ? "" : `, ${seconds(at)}`}`;
  byId("frame-text").textContent = clip.plays ? `${seconds(video.currentTime)} of ${seconds(video.duration || 0)}` : text;
  strip.setAttribute("aria-valuenow", clip.place + 1);
  strip.setAttribute("aria-valuetext", text);
}

/** Show a frame of the strip: as a picture, or in the player. */
function choose(number) {
  mark(number);
  if (clip.plays || !clip.frames.length) return;
  picture.src = address(clip.frames[clip.place].url);
  picture.alt = strip.getAttribute("aria-valuetext");
}

function goTo(number) {
  choose(number);
  const time = clip.frames[clip.place].seconds;
  if (!clip.plays || time === null) return;
  video.pause();
  video.currentTime = time + JUST_INSIDE_SECONDS;
}

/** Step by frames, backwards if `by` is negative; `far` steps along the strip. */
export function step(by, far) {
  if (!clip) return;
  if (!clip.plays) { if (clip.frames.length) choose(clip.place + (far ? FAR * by : by)); return; }
  if (far && clip.frames.length) { goTo(nearest(video.currentTime) + by); return; }
  video.pause();
  const last = clip.end === null ? video.duration : clip.end;
  const time = video.currentTime + by * clip.frameSeconds;
  video.currentTime = Math.max(clip.start, Math.min(time, (last || time) - JUST_INSIDE_SECONDS));
}

/** Play, or stop. */
export function playOrStop() {
  if (!clip?.plays) return;
  if (video.paused) play(); else video.pause();
}

strip.addEventListener("click", event => {
  const small = event.target.closest("img");
  if (small) goTo(Number(small.dataset.place));
});
strip.addEventListener("keydown", event => {
  const ends = { Home: 0, End: clip.frames.length - 1 };
  if (!(event.key in ends)) return;
  event.preventDefault();
  goTo(ends[event.key]);
});

function empty(text) {
  byId("screen-empty").textContent = text;
  show(byId("screen-empty"), text !== "");
}
function note(text) {
  byId("stage-note").textContent = text;
  show(byId("stage-note"), text !== "");
}
