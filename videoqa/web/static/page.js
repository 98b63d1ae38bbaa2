// The page: choose a clip, ask about it, look at the answer. What is drawn where is in the other files.

import { getBlob, getJson, megabytes, onToken, post, sendClip, Trouble } from "./api.js";
import { drawAnswer } from "./answer.js";
import { byId, counted, fill, make, say, seconds, show, still } from "./draw.js";
import { drawEvidence } from "./evidence.js";
import * as memory from "./memory.js";
import * as stage from "./stage.js";

const MOST_SUGGESTIONS = 4;

let model = null, samples = [];
let clip = null;      // {id, name, blob, info, ready, stop}: the clip on the stage; `ready` ends with its `info`
let shown = null;     // the entry of the history whose answer is shown
let asking = null;    // what cancels the question that is being answered
let prefilled = "";   // a question that the page wrote, not the user
let timeLine = null;
const explained = new Map();

// Messages

function trouble(error, again = null) {
  if (error.code === "cancelled") return;
  const buttons = [
    again && make("button", { type: "button", id: "again", on: { click: () => { calm(); again(); } } }, "Try again"),
    make("button", { type: "button", className: "quiet", on: { click: calm } }, "Close"),
  ];
  fill(byId("trouble"), make("p", {}, make("b", {}, error.message)), error.advice && make("p", {}, error.advice),
    make("div", { className: "answer-buttons" }, ...buttons));
  show(byId("trouble"));
  byId("trouble").scrollIntoView({ block: "nearest", behavior: still() ? "auto" : "smooth" });
}

function calm() { show(byId("trouble"), false); byId("trouble").replaceChildren(); }

/** Return an error as one that can be shown: a mistake of the page's own says so, and is in the console. */
function shownError(error) {
  if (error instanceof Trouble) return error;
  console.error(error);
  return new Trouble("page", "Something went wrong in this page.", "Load it again; what you asked is kept.");
}

// Choosing a clip

function showChooser(chosen) {
  show(byId("chooser"), chosen);
  show(byId("work"), !chosen && clip !== null);
  show(byId("chooser-close"), clip !== null);
}

byId("choose").addEventListener("click", () => byId("file").click());
byId("choose-again").addEventListener("click", () => byId("file").click());
byId("another").addEventListener("click", () => { showChooser(true); byId("choose").focus(); });
byId("chooser-close").addEventListener("click", () => { showChooser(false); byId("question").focus(); });
byId("file").addEventListener("change", event => {
  const [file] = event.target.files;
  event.target.value = "";  // so that the same file can be chosen again
  if (file) openFile(file, file.name);
});

let covers = 0;
const holdsFiles = event => event.dataTransfer?.types.includes("Files");
addEventListener("dragenter", event => { if (holdsFiles(event)) { covers += 1; show(byId("drop-cover")); } });
addEventListener("dragleave", event => { if (holdsFiles(event)) { covers -= 1; show(byId("drop-cover"), covers > 0); } });
addEventListener("dragover", event => { if (holdsFiles(event)) event.preventDefault(); });
addEventListener("drop", event => {
  if (!holdsFiles(event)) return;
  event.preventDefault();
  covers = 0;
  show(byId("drop-cover"), false);
  const [item] = event.dataTransfer.items, [file] = event.dataTransfer.files;
  if (item?.webkitGetAsEntry?.()?.isDirectory) {
    trouble(new Trouble("folder", "That is a folder.", "Drop one video file."));
  } else if (file) {
    openFile(file, file.name);
    if (event.dataTransfer.files.length > 1) stage.note(`One clip at a time: this is ${file.name}.`);
  }
});

async function chooseSample(sample, button) {
  button.disabled = true;
  try {
    const blob = await getBlob(sample.url);
    if (!byId("question").value || byId("question").value === prefilled) prefill(sample.question ?? "");
    openFile(blob, `${sample.name}.webm`);
  } catch (error) {
    trouble(shownError(error), () => chooseSample(sample, button));
  } finally {
    button.disabled = false;
  }
}

function drawSamples() {
  byId("samples").replaceChildren(...samples.map(sample => {
    const preview = make("video", { muted: true, loop: true, playsinline: true, tabindex: "-1", "aria-hidden": "true" });
    preview.muted = true;
    getBlob(sample.url).then(blob => { preview.src = URL.createObjectURL(blob); }, () => {});
    const play = () => { if (!still()) preview.play().catch(() => {}); };
    const button = make("button", { type: "button", className: "sample", on: {
      click: () => chooseSample(sample, button), pointerenter: play, focus: play,
      pointerleave: () => preview.pause(), blur: () => preview.pause(),
    } }, preview, make("span", {}, sample.name.replaceAll("-", " ")));
    return make("li", {}, button);
  }));
  show(byId("samples-box"), samples.length > 0);
}

// A clip on the stage

function openFile(blob, name) {
  const again = shown && clip && !clip.blob && clip.name === name ? shown : null;  // its file was asked for
  begin({ id: null, name, blob });
  clip.ready = send(clip);
  if (again) clip.ready.then(info => { if (info.id === again.clip) drawShown(again); }, () => {});
  afterClip();
}

function openKept(id, name, entry) {
  begin({ id, name, blob: null });
  const opened = clip;
  clip.ready = memory.keptFile(id).then(file => {
    if (opened !== clip) throw new Trouble("cancelled", "");
    opened.blob = file?.blob ?? null;
    stage.openClip(name, opened.blob);
    return recall(opened);
  });
  if (entry) drawShown(entry);
  afterClip();
}

function begin(next) {
  clip?.stop.abort();
  asking?.abort();
  clip = { ...next, info: null, stop: new AbortController() };
  shown = null;
  calm();
  for (const part of ["answer", "evidence", "waiting", "choose-again", "question-trouble"]) show(byId(part), false);
  stage.setHeat(new Map(), "");
  stage.openClip(next.name, next.blob);
  showChooser(false);
}

function afterClip() {
  const opened = clip;
  suggest();
  if (matchMedia("(pointer: fine)").matches) byId("question").focus({ preventScroll: true });
  clip.ready.then(info => { if (opened === clip) cameReady(opened, info); }, error => {
    if (opened !== clip) return;
    sending(null);
    failed(opened, shownError(error));
  });
}

function cameReady(opened, info) {
  sending(null);
  memory.keepTabClip(opened);
  if (opened.blob) memory.keepFile(opened.id, opened.name, opened.blob);
  const frameOf = place => withClip(opened, () => getBlob(info.frames[place]));
  stage.showFrames(info.timestamps_seconds.slice(0, info.frames.length), frameOf);
  if (info.notes?.length) stage.note(info.notes.join(" "));
  say(`${opened.name} is ready: ${counted(info.frames.length, "frame")} in ${seconds(info.duration_seconds ?? 0)}.`);
  suggest();
}

function failed(opened, error) {
  if (error.code === "send_clip_again") { wantFile(); return; }
  if (error.code === "gone" || error.code === "stopping" || error.code === "page") {
    trouble(error, () => { opened.blob ? openFile(opened.blob, opened.name) : openKept(opened.id, opened.name, shown); });
    return;
  }
  stage.closeClip();  // there is nothing to ask about
  clip = null;
  memory.keepTabClip(null);
  showChooser(true);
  byId("choose").focus({ preventScroll: true });
  trouble(error);
}

function wantFile() {
  if (!clip.info) stage.emptyScreen("Nothing to show without the file.");
  stage.note("The service no longer has this clip, and neither has this browser. Choose its file again to ask more.");
  show(byId("choose-again"));
}

/** Return what the service says of a clip it may still have; else send its file again. */
async function recall(opened) {
  try {
    return keepInfo(opened, await getJson(`api/clips/${opened.id}`, { signal: opened.stop.signal }));
  } catch (error) {
    if (error.code !== "send_clip_again" || !opened.blob) throw error;
    return send(opened);
  }
}

async function send(opened) {
  const { signal } = opened.stop, total = opened.blob.size;
  const report = bytes => {
    if (bytes >= total) sending("The model looks at the clip…", null);
    else sending(`Sending: ${megabytes(bytes)} of ${megabytes(total)}`, 100 * bytes / total);
  };
  report(0);
  const info = await sendClip(opened.blob, opened.name, {
    signal, limit: model?.max_clip_bytes, onProgress: report,
    onBusy: left => left ? sending(`The service is busy. Trying again in ${left} s.`, null) : report(0),
  });
  return keepInfo(opened, info);
}

function keepInfo(opened, info) {
  opened.id = info.id;
  opened.info = info;
  return info;
}

function sending(text, share) {
  show(byId("sending"), text !== null);
  if (text === null) return;
  byId("sending-text").textContent = text;
  if (share === null) byId("sending-bar").removeAttribute("value");
  else byId("sending-bar").value = share;
}
byId("cancel").addEventListener("click", () => {
  const stopped = clip;
  clip = null;
  memory.keepTabClip(null);
  stopped.stop.abort();
  asking?.abort();
  sending(null);
  stage.closeClip();
  showChooser(true);
  byId("choose").focus();
  say("Cancelled.");
});

const fileWanted = () => new Trouble("file_wanted", "The service no longer has this clip.", "Choose its file again.");

/** Wait until the service has the clip; why it has not was said when that failed. */
async function ready(opened) {
  try {
    return await opened.ready;
  } catch (error) {
    throw error.code === "send_clip_again" ? fileWanted() : new Trouble("not_ready", "The clip could not be sent.");
  }
}

/** Do what needs the clip on the service; if another instance or an earlier one had it, send it first. */
async function withClip(opened, act) {
  try {
    return await act();
  } catch (error) {
    if (error.code !== "send_clip_again") throw error;
    if (!opened.blob) {
      if (opened === clip) wantFile();
      throw fileWanted();
    }
    opened.again ??= send(opened).finally(() => { opened.again = null; if (opened === clip) sending(null); });
    await opened.again;
    return act();
  }
}

// Questions

function prefill(text) {
  prefilled = text;
  byId("question").value = text;
}

function suggest() {
  const own = samples.find(sample => clip && clip.name === `${sample.name}.webm`)?.question;
  const asked = memory.history().map(entry => entry.question);
  const done = memory.history().filter(entry => clip?.id && entry.clip === clip.id).map(entry => entry.question);
  const all = [own, ...model?.example_questions ?? [], model?.example_question, ...samples.map(sample => sample.question), ...asked];
  const some = [...new Set(all)].filter(question => question && !done.includes(question)).slice(0, MOST_SUGGESTIONS);
  byId("suggestions").replaceChildren(...some.map(question => make("button", { type: "button", className: "chip",
    on: { click: () => { prefill(question); ask(question); } } }, question)));
  show(byId("suggestions"), some.length > 0 && model?.has_questions !== false);
}

byId("question-box").addEventListener("submit", event => {
  event.preventDefault();
  const text = byId("question").value.trim();
  if (!text && model?.has_questions !== false) { fieldTrouble("Write a question first."); return; }
  ask(text);
});
byId("question").addEventListener("input", () => fieldTrouble(""));

function fieldTrouble(text) {
  byId("question-trouble").textContent = text;
  show(byId("question-trouble"), text !== "");
  byId("question").setAttribute("aria-invalid", String(text !== ""));
  if (text) byId("question").focus();
}

function waiting(text, canCancel = false) {
  show(byId("waiting"), text !== null);
  byId("waiting-text").textContent = text ?? "";
  show(byId("waiting-cancel"), canCancel);
}
byId("waiting-cancel").addEventListener("click", () => { asking?.abort(); byId("question").focus(); });

async function ask(question) {
  const opened = clip;
  if (!opened) return;
  asking?.abort();
  const stop = asking = new AbortController();
  calm();
  fieldTrouble("");
  show(byId("answer"), false);
  show(byId("evidence"), false);
  stage.setHeat(new Map(), "");
  waiting(opened.info ? "Looking for the answer…" : "The answer comes as soon as the model has looked at the clip.", !opened.info);
  const cancelled = new Promise((_, stopped) => stop.signal.addEventListener("abort", () => stopped(new Trouble("cancelled", "")), { once: true }));
  try {
    await Promise.race([ready(opened), cancelled]);
    const onBusy = left => waiting(left ? `The service is busy. Trying again in ${left} s.` : "Looking for the answer…", left > 0);
    const reply = await withClip(opened, () => post("api/ask", { clip: opened.id, question }, { signal: stop.signal, onBusy }));
    if (stop.signal.aborted) return;
    const [answer] = reply.answers;
    const entry = { at: Date.now(), clip: opened.id, clipName: opened.name, question, answer, model: model?.name };
    memory.remember(entry);
    drawShown(entry);
    suggest();
    if (document.activeElement === byId("question")) byId("question").select();  // typing writes the next one
    say(answer.shown);
  } catch (error) {
    if (!stop.signal.aborted) askFailed(shownError(error), question);
  } finally {
    if (asking === stop) { asking = null; waiting(null); }
  }
}

function askFailed(error, question) {
  if (["cancelled", "not_ready"].includes(error.code)) return;
  if (error.code === "file_wanted" || error.status === 422 || error.status === 400) fieldTrouble(`${error.message} ${error.advice}`.trim());
  else trouble(error, () => ask(question));
}

// The answer and why

function drawShown(entry) {
  shown = entry;
  show(byId("evidence"), false);
  stage.setHeat(new Map(), "");
  timeLine = null;
  drawAnswer(byId("answer"), entry, { model, onWhy: () => why(entry), onCorrect: text => correct(entry, text) });
  drawHistory();
}

async function why(entry) {
  const opened = clip, button = byId("why");
  button.disabled = true;
  button.textContent = "Looking why…";
  try {
    const key = JSON.stringify([entry.clip, entry.question]);
    await ready(opened);
    if (!explained.has(key)) {
      const body = { clip: opened.id, question: entry.question, explain: true };
      explained.set(key, (await withClip(opened, () => post("api/ask", body))).answers[0].evidence);
    }
    if (opened !== clip || shown !== entry) return;
    showEvidence(explained.get(key));
    button.remove();
  } catch (error) {
    trouble(shownError(error), () => why(entry));
    button.disabled = false;
    button.textContent = "Why this answer?";
  }
}

function showEvidence(evidence) {
  stage.setHeat(new Map(evidence.frames.filter(({ heat }) => heat).map(({ frame, heat }) => [frame, heat])), evidence.answer);
  timeLine = drawEvidence(byId("evidence"), evidence, {
    onMoment: stage.goTo, onFrame: stage.showFrame, picture: stage.frame,
  });
  byId("evidence-title").focus({ preventScroll: true });
  byId("evidence").scrollIntoView({ block: "nearest", behavior: still() ? "auto" : "smooth" });
  say("The words, moments and frames that count are shown below the answer.");
}
stage.onShown(time => timeLine?.setTime(time));

async function correct(entry, text) {
  const body = { clip: entry.clip, question: entry.question, answer: entry.answer.text, correct_answer: text,
    name: entry.clipName };
  await withClip(clip, () => post("api/corrections", body)).catch(error => { throw shownError(error); });
  memory.rememberCorrection(entry.clip, entry.question, text);
  entry.corrected = text;
  drawHistory();
}

// History

function drawHistory() {
  const entries = memory.history(), clips = new Map();
  for (const entry of entries) clips.set(entry.clip, [...clips.get(entry.clip) ?? [], entry]);
  byId("history-list").replaceChildren(...[...clips.values()].map(group => make("li", {},
    make("p", { className: "history-clip" }, group[0].clipName),
    make("ul", {}, ...group.map(historyRow)))));
  show(byId("history"), entries.length > 0);
}

function historyRow(entry) {
  const { answer } = entry, same = shown && shown.clip === entry.clip && shown.question === entry.question;
  return make("li", {}, make("button", { type: "button", className: "history-row", "aria-current": same ? "true" : null,
    on: { click: () => openEntry(entry) } },
  make("span", { className: "history-question" }, entry.question || "What does the clip show?"),
  make("span", { className: answer.is_reliable ? "history-answer" : "history-answer unsure" },
    answer.is_reliable ? answer.text : "I don’t know"),
  entry.corrected ? make("span", { className: "history-corrected" }, `you: ${entry.corrected}`) : null));
}

function openEntry(entry) {
  asking?.abort();
  waiting(null);
  calm();
  if (clip?.id === entry.clip) { showChooser(false); drawShown(entry); }
  else openKept(entry.clip, entry.clipName, entry);
  prefill(entry.question);
  byId("answer").focus({ preventScroll: true });
  byId("work").scrollIntoView({ block: "nearest", behavior: still() ? "auto" : "smooth" });
}

byId("forget").addEventListener("click", async () => {
  await memory.forgetAll();
  drawHistory();
  say("Cleared.");
  byId(clip ? "question" : "choose").focus();
});
memory.onHistory(() => { drawHistory(); suggest(); });

// The model, the token

function drawModel() {
  byId("model-name").textContent = model.name;
  if (model.max_clip_bytes) byId("drop-limit").textContent = `A clip of some seconds is best; up to ${megabytes(model.max_clip_bytes)}.`;
  if (model.max_question_characters) byId("question").maxLength = model.max_question_characters;
  if (model.example_question) byId("question").placeholder = model.example_question;
  if (!model.has_questions) {
    byId("chooser-title").textContent = "What does a clip show?";
    byId("question-label").textContent = "What does the clip show?";
    show(byId("question"), false);
    byId("ask").textContent = "Name it";
  }
  fill(byId("model-notes"), ...model.notes.map(note => make("p", { className: "note" }, note)));
  const facts = [
    ["Name", model.name], ["Task", model.task.replaceAll("_", " ")], ["Answers it can give", model.num_answers.toLocaleString("en")],
    ["Trained on", model.num_clips_trained === null ? "not known" : counted(model.num_clips_trained, "clip")],
    ["Says when it does not know", model.can_judge ? "yes" : "no"],
    ["Probabilities", model.calibrated ? "calibrated" : "not calibrated"],
    ["Looks at the clip", model.sees_video ? "yes" : "no, only at the question"], ["Version", model.version],
  ];
  const list = make("dl", {}, ...facts.flatMap(([name, value]) => [make("dt", {}, name), make("dd", {}, String(value))]));
  const answers = make("details", {}, make("summary", {}, "Its answers"),
    make("p", { className: "answers-text" }, model.answers.join(" · ")));
  fill(byId("about-text"), list, ...model.notes.map(note => make("p", { className: "note" }, note)), answers);
}
byId("about-button").addEventListener("click", () => { if (model) byId("about").showModal(); });

onToken(wasRefused => new Promise(done => {
  const box = byId("token-box"), form = byId("token-form");
  byId("token-why").textContent = wasRefused ? "That token was refused. Try another one."
    : "Whoever runs it can tell you. It is kept until this tab is closed.";
  byId("token").value = "";
  let given = null;
  form.onsubmit = event => { event.preventDefault(); given = byId("token").value.trim() || null; box.close(); };
  byId("token-cancel").onclick = () => box.close();
  box.onclose = () => done(given);
  box.showModal();
}));

async function start() {
  calm();
  drawHistory();
  try {
    model = await getJson("api/model");
    drawModel();
    samples = await getJson("api/samples").catch(() => []);
    drawSamples();
  } catch (error) {
    trouble(shownError(error), start);
    return;
  }
  const last = memory.tabClip();
  if (last?.id && !clip) openKept(last.id, last.name, memory.history().find(entry => entry.clip === last.id));
  suggest();
}
start();
