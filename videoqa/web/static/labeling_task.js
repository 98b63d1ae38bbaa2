// The form of one task: what is asked, the ways to answer, and what was answered.

import { byId, fill, make } from "./draw.js";

const LONGEST_ANSWER = 200, LONGEST_QUESTION = 1000;
const DRAFT = "videoqa-draft-";
const INSTRUCTIONS = {
  answer: "Watch the clip, then answer the question.",
  label: "Watch the clip, then say what is done in it.",
  verify: "Watch the clip, then say whether the answer is right.",
  write: "Watch the clip. Write questions that only those can answer who see it, and their answers.",
};
const hasWords = text => /[\p{L}\p{N}]/u.test(text);
const hasAnswer = text => hasWords(text) || /[^\P{S}\x00-\x7f]/u.test(text);   // an emoji, a sign

let task = null, whose = "", ways = [];   // ways: {input, how, answer, typed}

/** Show the form of a task to somebody; `before` is what they answered before they took it back, or null. */
export function drawTask(shown, name, before) {
  task = shown;
  whose = name;
  ways = [];
  byId("instructions").textContent = INSTRUCTIONS[task.kind];
  fill(byId("fields"), task.kind === "write" ? pairs() : choices());
  if (task.kind === "write") fillPairs(draft() ?? before?.written ?? []);
  else if (before) chooseAsBefore(before);
}

function choices() {
  const asked = make("legend", { tabindex: -1, dir: "auto" }, task.question || "What is done in the clip?");
  const box = make("fieldset", {}, asked);
  if (task.kind === "verify") {
    box.append(make("p", { className: "to-verify" }, make("small", {}, "Is this answer right?"), make("span", { dir: "auto" }, task.answer)));
  }
  for (const choice of task.choices) box.append(way("choice", choice));
  if (task.kind !== "verify") box.append(typedWay());
  box.append(way("cannot_tell", "", "I cannot tell", "choice apart"));
  return box;
}

function way(how, answer, text = answer, className = "choice", typed = null) {
  const number = ways.length + 1;
  const input = make("input", { type: "radio", name: "way", value: number });
  ways.push({ input, how, answer, typed });
  const key = number <= 9 ? make("kbd", { "aria-hidden": "true" }, String(number)) : null;
  return make("label", { className }, input, make("span", { dir: "auto" }, text), typed, key);
}

function typedWay() {
  const typed = make("input", { type: "text", id: "typed", dir: "auto", maxlength: LONGEST_ANSWER, "aria-label": "Another answer, in your words" });
  const row = way("typed", "", "Another answer", "choice other", typed);
  const { input } = ways.at(-1);
  typed.addEventListener("input", () => { input.checked = true; });
  input.addEventListener("change", () => {   // who comes by an arrow key may be on the way to the next choice
    if (!input.matches(":focus-visible")) typed.focus();
  });
  return row;
}

function pairs() {
  const box = make("fieldset", {}, make("legend", { tabindex: -1 }, "Your questions and answers"));
  for (let number = 1; number <= task.num_questions; number += 1) {
    box.append(make("div", { className: "pair" }, ...["Question", "Answer"].flatMap(name => {
      const id = `${name.toLowerCase()}-${number}`;
      return [make("label", { for: id }, `${name} ${number}`),
        make("input", { type: "text", id, dir: "auto", maxlength: name === "Answer" ? LONGEST_ANSWER : LONGEST_QUESTION })];
    })));
  }
  box.addEventListener("input", () => {
    try { sessionStorage.setItem(draftKey(task.id), JSON.stringify(written())); } catch { /* no room: it stays on the page */ }
  });
  return box;
}

const inputs = () => [...byId("fields").querySelectorAll("input")];
const written = () => inputs().reduce((found, { value }, place) => {
  if (place % 2) found.at(-1).push(value); else found.push([value]);
  return found;
}, []);

function fillPairs(texts) {
  texts.flat().forEach((text, place) => { if (inputs()[place]) inputs()[place].value = text; });
}

const draftKey = id => `${DRAFT}${id}-${whose}`;

function draft() {
  try { return JSON.parse(sessionStorage.getItem(draftKey(task.id))); } catch { return null; }
}

/** Forget what was typed for a task whose answer is kept. */
export const forgetDraft = id => sessionStorage.removeItem(draftKey(id));

function chooseAsBefore({ how, answer }) {
  const found = ways.find(each => each.how === how && (how !== "choice" || each.answer === answer));
  if (!found) return;
  found.input.checked = true;
  if (found.typed) found.typed.value = answer;
}

/** Choose by number, counted from 1; return whether there is such a choice. */
export function choose(number) {
  const found = ways[number - 1];
  if (!found) return false;
  found.input.checked = true;
  (found.typed ?? found.input).focus();
  return true;
}

/** Return `{answer}` to send, or `{problem, element}`: what is missing, and where. */
export function answer() {
  return task.kind === "write" ? writtenAnswer() : chosenAnswer();
}

function chosenAnswer() {
  const found = ways.find(({ input }) => input.checked);
  if (!found) return { problem: "Choose an answer first.", element: ways[0].input };
  if (found.how === "cannot_tell") return { answer: { how: found.how } };
  if (!found.typed) return { answer: { how: found.how, answer: found.answer } };
  if (!hasAnswer(found.typed.value)) return { problem: "Type your answer first.", element: found.typed };
  return { answer: { how: found.how, answer: found.typed.value } };
}

function writtenAnswer() {
  const empty = inputs().find(({ value, id }) => !(id.startsWith("answer") ? hasAnswer : hasWords)(value));
  if (empty) return { problem: "Fill in every question and every answer.", element: empty };
  const asked = written().map(([question]) => question.trim().toLowerCase().replace(/\s+/g, " "));
  const twice = asked.findIndex((text, place) => asked.indexOf(text) < place);
  if (twice >= 0) return { problem: "Write different questions.", element: byId(`question-${twice + 1}`) };
  return { answer: { how: "written", written: written() } };
}
