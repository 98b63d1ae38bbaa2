// Why an answer was given: the words, the moments of the clip, and the frames with their heat.

import { fill, make, seconds, show, signed } from "./draw.js";
import { lookAtScreen, paintHeat } from "./stage.js";

/**
 * Draw the evidence into a section, and return `{setTime(seconds)}`, which moves the mark on the time line.
 * `onMoment(seconds)` goes to a moment; `onFrame(place)` shows a frame; `picture(place)` gives its address.
 */
export function drawEvidence(section, evidence, { onMoment, onFrame, picture }) {
  const line = timeLine(evidence, onMoment);
  fill(section,
    make("h2", { id: "evidence-title", tabindex: "-1" }, "Why ", make("q", {}, evidence.answer),
      ...evidence.against ? [" and not ", make("q", {}, evidence.against)] : []),
    legend(evidence),
    words(evidence),
    line?.element ?? null,
    frames(evidence, onFrame, picture),
  );
  show(section);
  return { setTime: line?.setTime ?? (() => {}) };
}

const speaks = (contribution, { answer, against }) => {
  if (Math.abs(contribution) < 0.05) return "makes no difference";
  return contribution > 0 ? `speaks for ${answer}` : `speaks for ${against || "another answer"}`;
};

function legend({ answer, against }) {
  return make("p", { className: "legend soft" },
    make("span", {}, make("i", { className: "for" }), `for ${answer}`),
    against ? make("span", {}, make("i", { className: "against" }), `for ${against}`) : null,
    make("span", {}, "Numbers: how much less sure the model is without it; 2.3 is ten times."));
}

function words(evidence) {
  if (!evidence.words.length) return null;
  const most = Math.max(...evidence.words.map(({ contribution }) => Math.abs(contribution)), 0.1);
  const drawn = evidence.words.map(({ word, contribution }) => {
    const bar = make("span", { className: `word-bar ${contribution < 0 ? "against" : "for"}`, "aria-hidden": "true" });
    bar.style.width = `${Math.max(4, 100 * Math.abs(contribution) / most)}%`;
    return make("li", {}, make("span", { className: "word" }, word), bar,
      make("span", { className: "word-share" }, signed(contribution)));
  });
  return make("div", {}, make("h3", { id: "words-title" }, "Words"),
    make("ul", { className: "words", "aria-labelledby": "words-title" }, ...drawn));
}

function timeLine(evidence, onMoment) {
  const { moments } = evidence;
  if (!moments.length) return null;
  const first = moments[0].start_seconds, last = moments.at(-1).end_seconds, length = Math.max(last - first, 1e-6);
  const most = Math.max(...moments.map(({ contribution }) => Math.abs(contribution)), 0.1);
  const mark = make("span", { className: "mark" });
  const bars = moments.map(({ start_seconds, end_seconds, contribution }, number) => {
    const bar = make("span", { className: contribution < 0 ? "against" : "for" });
    bar.style.height = `${Math.max(1, 46 * Math.abs(contribution) / most)}%`;
    const moment = make("span", { className: "moment", "data-moment": number }, bar);
    moment.style.left = `${100 * (start_seconds - first) / length}%`;
    moment.style.width = `${100 * (end_seconds - start_seconds) / length}%`;
    return moment;
  });
  const track = make("div", { className: "time-line", role: "slider", tabindex: "0", "aria-label": "Moments of the clip",
    "aria-valuemin": 1, "aria-valuemax": moments.length }, ...bars, mark);
  const text = make("p", { className: "soft moment-text" });
  let chosen = moments.reduce((best, each, number) => each.contribution > moments[best].contribution ? number : best, 0);
  const choose = number => {
    chosen = Math.max(0, Math.min(moments.length - 1, number));
    const { start_seconds, end_seconds, contribution } = moments[chosen];
    bars.forEach((bar, each) => bar.classList.toggle("chosen", each === chosen));
    text.textContent = `${seconds(start_seconds)} to ${seconds(end_seconds)}: ${speaks(contribution, evidence)} `
      + `(${signed(contribution)})`;
    track.setAttribute("aria-valuenow", chosen + 1);
    track.setAttribute("aria-valuetext", text.textContent);
  };
  const go = number => {
    choose(number);
    const { start_seconds, end_seconds } = moments[chosen];
    onMoment((start_seconds + end_seconds) / 2);
  };
  track.addEventListener("click", event => {
    lookAtScreen();
    const moment = event.target.closest(".moment");
    if (moment) { go(Number(moment.dataset.moment)); return; }
    const box = track.getBoundingClientRect(), at = first + length * (event.clientX - box.left) / box.width;
    go(moments.findIndex(({ end_seconds }) => at < end_seconds));
  });
  track.addEventListener("keydown", event => {
    const steps = { ArrowLeft: chosen - 1, ArrowDown: chosen - 1, ArrowRight: chosen + 1, ArrowUp: chosen + 1,
      PageDown: chosen - 5, PageUp: chosen + 5, Home: 0, End: moments.length - 1, Enter: chosen, " ": chosen };
    if (!(event.key in steps) || event.ctrlKey || event.altKey || event.metaKey) return;
    event.preventDefault();
    go(steps[event.key]);
  });
  choose(chosen);
  const setTime = time => { mark.style.left = `${100 * Math.max(0, Math.min(1, (time - first) / length))}%`; };
  const ends = make("p", { className: "ends soft", "aria-hidden": "true" }, make("span", {}, seconds(first)), make("span", {}, seconds(last)));
  return { setTime, element: make("div", {}, make("h3", {}, "Moments"), track, ends, text) };
}

function frames(evidence, onFrame, picture) {
  if (!evidence.frames.length) return null;
  const warm = evidence.frames.some(({ heat }) => heat);
  const drawn = evidence.frames.map(({ frame, seconds: time, heat }) => {
    const image = make("img", { alt: "" }), canvas = make("canvas", { "aria-hidden": "true" });
    picture(frame).then(address => { image.src = address; }, () => {});
    if (heat) image.addEventListener("load", () => paintHeat(canvas, heat, image.naturalWidth, image.naturalHeight));
    return make("li", {}, make("button", { type: "button", className: "evidence-frame", on: { click: () => { onFrame(frame); lookAtScreen(); } } },
      make("span", { className: "pile" }, image, heat ? canvas : null),
      make("span", {}, make("span", { className: "hidden-text" }, "Go to the frame at "), seconds(time))));
  });
  return make("div", {}, make("h3", { id: "places-title" }, "Frames that count most"),
    warm ? make("p", { className: "soft" }, `Warm places speak for ${evidence.answer}: read them as “around here”.`) : null,
    make("ul", { className: "evidence-frames", "aria-labelledby": "places-title" }, ...drawn));
}
