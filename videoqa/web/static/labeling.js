// The page of tasks: who answers, the task that is theirs, what they say, and what they take back.

import { onToken, post } from "./api.js";
import { byId, counted, fill, make, say, show } from "./draw.js";
import * as clip from "./labeling_clip.js";
import * as form from "./labeling_task.js";

const NAME = "videoqa-name";
let name = sessionStorage.getItem(NAME) ?? "";
let turn = null, sending = false;

// Troubles

const calm = () => show(byId("trouble"), false);

function trouble(error, again, unsaved = "") {
  const gone = error.code === "gone";
  const advice = gone ? "It may have been stopped, or the connection is lost." : error.advice ?? "";
  fill(byId("trouble"), make("p", {}, `${error.message} ${advice} ${unsaved}`.trim()),
    again ? make("p", { className: "answer-buttons" }, make("button", { type: "button", on: { click: () => { calm(); again(); } } }, "Try again")) : null);
  show(byId("trouble"));
}

function formTrouble(text, element) {
  byId("form-trouble").textContent = text;
  if (text) byId("saved").textContent = "";
  for (const each of byId("fields").querySelectorAll("[aria-invalid]")) each.removeAttribute("aria-invalid");
  if (!element) return;
  if (element.type === "text") element.setAttribute("aria-invalid", "true");
  element.focus();
}

// Who answers

function showStart(text = "") {
  clip.closeClip();
  turn = null;
  for (const id of ["person", "progress-box", "work", "done", "keys"]) show(byId(id), false);
  show(byId("start"));
  byId("name").value = name;
  nameTrouble(text);
  byId("name").focus();
}

function nameTrouble(text) {
  byId("name-trouble").textContent = text;
  if (text) byId("name").setAttribute("aria-invalid", "true"); else byId("name").removeAttribute("aria-invalid");
}

byId("start-form").addEventListener("submit", event => {
  event.preventDefault();
  const typed = byId("name").value.trim();
  if (!/[\p{L}\p{N}]/u.test(typed)) { nameTrouble("Type your name first."); byId("name").focus(); return; }
  nameTrouble("");
  name = typed;
  begin();
});
byId("leave").addEventListener("click", () => {
  sessionStorage.removeItem(NAME);
  name = "";
  calm();
  showStart();
});

// Turns

/** Send a request that is answered with a turn; return whether it was. Meanwhile nobody else can take over. */
async function ask(path, body, again, done = () => {}) {
  if (sending) return false;
  sending = true;
  busy(true);
  try {
    const reply = await post(path, { name, ...body });
    calm();
    done();
    drawTurn(reply);
    return true;
  } catch (error) {
    if (error.code === "bad_name") showStart(error.message);
    else if (error.code === "bad_answer") formTrouble(error.message);
    else if (error.code === "not_given" || error.code === "already_answered") trouble(error, begin);
    else trouble(error, again, path === "api/answers" ? "This answer is not saved yet; all before are." : "");
    return false;
  } finally {
    sending = false;
    busy(false);
  }
}

function busy(now) {
  for (const id of ["submit", "skip", "undo", "again", "leave"]) byId(id).disabled = now;
  if (!now) byId("undo").disabled = !turn?.last;
}

const begin = () => ask("api/next", {}, begin);

function submit() {
  const { answer, problem, element } = form.answer();
  formTrouble(problem ?? "", element);
  if (answer) send(answer, "Saved.", submit);
}
const skip = () => send({ how: "skipped" }, "Skipped.", skip);

function send(answer, said, again) {
  const task = turn.task.id;
  ask("api/answers", { task, ...answer }, again, () => { if (answer.how !== "skipped") form.forgetDraft(task); }).then(kept => {
    if (kept) { byId("saved").textContent = said; say(said); }
  });
}

function undo() {
  if (!turn?.last) return;
  ask("api/undo", { number: turn.last }, undo).then(taken => {
    if (taken) { byId("saved").textContent = "Taken back."; say("Taken back. This is the task again."); }
  });
}

function drawTurn(reply) {
  turn = reply;
  name = reply.name;
  sessionStorage.setItem(NAME, name);
  byId("person-name").textContent = name;
  show(byId("start"), false);
  for (const id of ["person", "progress-box"]) show(byId(id));
  drawProgress(reply.progress);
  byId("saved").textContent = "";
  for (const id of ["work", "keys"]) show(byId(id), reply.task !== null);
  show(byId("done"), reply.task === null);
  if (reply.task === null) {
    clip.closeClip();
    byId("done-text").textContent = reply.progress.answers < reply.progress.wanted
      ? "The other tasks are with other people, or you have had them. Thank you."
      : "Each task has the answers that were asked for. Thank you.";
    byId("done").focus();
    return;
  }
  formTrouble("");
  form.drawTask(reply.task, name, reply.before);
  clip.openClip(reply.task);
  byId("fields").querySelector("legend").focus({ preventScroll: true });
  scrollTo(0, 0);
}

function drawProgress({ answered, left, answers, wanted }) {
  byId("progress").max = answered + left || 1;
  byId("progress").value = answered;
  byId("progress-text").textContent = `${counted(answered, "task")} answered by you, ${left.toLocaleString("en")} left · `
    + `${answers.toLocaleString("en")} of ${counted(wanted, "answer")} in all`;
}

byId("form").addEventListener("submit", event => { event.preventDefault(); submit(); });
byId("form").addEventListener("input", () => formTrouble(""));
byId("skip").addEventListener("click", skip);
byId("undo").addEventListener("click", undo);
byId("again").addEventListener("click", begin);

// Keys

const isTyping = element => element.matches("input[type=text], input[type=password]");

document.addEventListener("keydown", event => {
  if (!turn || event.ctrlKey || event.altKey || event.metaKey || document.querySelector("dialog[open]")) return;
  if (isTyping(event.target)) {
    if (event.key === "Escape") byId("fields").querySelector("legend").focus();
    return;
  }
  const act = actionOf(event);
  if (!act || event.repeat && !event.key.startsWith("Arrow")) return;
  event.preventDefault();
  act();
});

/** Return the letter or digit of a key: the one written on it beside those of another script, or below a sign. */
function signOf({ key, code }) {
  if (/^[a-z0-9]$/i.test(key) || key.length > 1) return key.toLowerCase();
  return code.replace(/^(Key|Digit)/, "").toLowerCase();
}

/** Return what a key does, or null where it has its usual meaning. */
function actionOf(event) {
  const { key, target, shiftKey } = event, sign = signOf(event), isButton = target.closest("button, a, summary") !== null;
  if (sign === "u") return undo;
  if (turn.task === null) return null;
  if (/^[1-9]$/.test(sign)) return () => { if (form.choose(Number(sign))) formTrouble(""); };
  if (sign === "s") return skip;
  if (key === "ArrowLeft" || key === "ArrowRight") return () => clip.step(key === "ArrowLeft" ? -1 : 1, shiftKey);
  const takesSpace = isButton || target === byId("video") || target.matches("input[type=radio]:not(:checked)");
  if (key === " " && !takesSpace) return clip.playOrStop;
  if (key === "Enter" && !isButton) return submit;
  return null;
}

onToken(wasRefused => new Promise(done => {
  const box = byId("token-box"), token = byId("token");
  byId("token-why").textContent = wasRefused ? "That token was refused. Try another one."
    : "Whoever runs it can tell you. It is kept until this tab is closed.";
  token.value = "";
  let given = null;
  byId("token-form").onsubmit = event => { event.preventDefault(); given = token.value.trim() || null; box.close(); };
  byId("token-cancel").onclick = () => box.close();
  box.onclose = () => done(given);
  box.showModal();
}));

if (name) begin().then(begun => { if (!begun && turn === null) showStart(); });
else showStart();
