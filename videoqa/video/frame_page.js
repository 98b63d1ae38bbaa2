"use strict";
const frames = JSON.parse(document.getElementById("frames").textContent);
const [picture, shown, slider, play] = ["picture", "shown", "place", "play"].map(id => document.getElementById(id));
let place = 0, timer = null;

function show(wanted) {
  place = Math.max(0, Math.min(frames.length - 1, wanted));
  const [number, seconds, jpeg] = frames[place];
  const text = "frame " + number + ", " + (seconds === null ? "time unknown" : seconds.toFixed(3) + " s");
  picture.src = "data:image/jpeg;base64," + jpeg;
  picture.alt = text;
  shown.textContent = text;
  slider.value = place;
  slider.setAttribute("aria-valuetext", text);
}

function stop() {
  clearTimeout(timer);
  timer = null;
  play.textContent = "play";
}

function step() {
  if (place === frames.length - 1) { stop(); return; }
  const wait = Math.max(0, frames[place + 1][1] - frames[place][1]);
  timer = setTimeout(() => { show(place + 1); step(); }, 1000 * wait);
}

function playOrStop() {
  if (timer !== null) { stop(); return; }
  if (place === frames.length - 1) show(0);
  play.textContent = "stop";
  step();
}

function go(wanted) { stop(); show(wanted); }

document.addEventListener("keydown", event => {
  if (event.ctrlKey || event.altKey || event.metaKey) return;
  const far = event.shiftKey ? 10 : 1;
  const actions = {
    ArrowLeft: () => go(place - far), ArrowRight: () => go(place + far),
    Home: () => go(0), End: () => go(frames.length - 1), " ": playOrStop,
  };
  if (!(event.key in actions)) return;
  event.preventDefault();
  actions[event.key]();
});
document.addEventListener("keyup", event => { if (event.key === " ") event.preventDefault(); });
slider.addEventListener("input", () => go(Number(slider.value)));
document.getElementById("first").addEventListener("click", () => go(0));
document.getElementById("back").addEventListener("click", () => go(place - 1));
document.getElementById("next").addEventListener("click", () => go(place + 1));
document.getElementById("end").addEventListener("click", () => go(frames.length - 1));
play.addEventListener("click", playOrStop);
show(0);
