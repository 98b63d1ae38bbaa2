// The answer: what the model says, how probable, what else is likely, or why it does not know.

import { fill, make, percent, sentence, show } from "./draw.js";

const MOST_LIKELY_SHOWN = 12;
const FAMILIAR = 0.01;  // of a less familiar clip the likely answers promise nothing

/**
 * Draw an answer into an article.
 * `entry`: `{question, answer, corrected, model}`; `onWhy` shows the evidence, `onCorrect(text)` records a
 * correction and returns a promise.
 */
export function drawAnswer(article, entry, { model, onWhy, onCorrect }) {
  const { answer } = entry;
  article.classList.toggle("unsure", !answer.is_reliable);
  fill(article,
    entry.question ? make("p", { className: "asked" }, entry.question) : "",
    ...headline(answer),
    bars(answer),
    likely(answer, model),
    familiarity(answer),
    ...notes(entry, model),
    buttons(entry, model, onWhy, onCorrect),
  );
  show(article);
}

function headline(answer) {
  if (answer.is_reliable) {
    return [make("p", { className: "said", id: "answer-text" }, answer.text,
      make("span", { className: "said-share" }, percent(answer.probability)))];
  }
  const reasons = answer.why_not.map(reason => make("li", {}, sentence(reason)));
  return [
    make("p", { className: "said", id: "answer-text" }, "I don’t know"),
    make("ul", { className: "reasons" }, ...reasons),
    make("p", { className: "guess" }, "Its best guess is ", make("b", {}, answer.text),
      `, at ${percent(answer.probability)}. That is no answer to rely on.`),
  ];
}

function bars(answer) {
  const rows = answer.alternatives.map(({ answer: text, probability }) => {
    const fill = make("span", { className: "fill" });
    fill.style.width = `${100 * probability}%`;
    return make("li", { className: text === answer.text ? "best" : "" },
      make("span", { className: "bar-name" }, text),
      make("span", { className: "track", "aria-hidden": "true" }, fill),
      make("span", { className: "bar-share" }, percent(probability)));
  });
  return make("ol", { className: "bars", "aria-label": "Answers, the most probable first" }, ...rows);
}

function likely({ likely: answers, familiarity: share }, model) {
  if (!answers.length || (typeof share === "number" && share < FAMILIAR)) return null;
  const shown = answers.slice(0, MOST_LIKELY_SHOWN).map(text => make("li", {}, text));
  const more = answers.length - shown.length;
  if (more > 0) shown.push(make("li", { className: "more" }, `and ${more} more`));
  return make("div", { className: "likely" }, make("h3", { id: "likely-title" }, "Likely"),
    make("ul", { className: "chips", "aria-labelledby": "likely-title" }, ...shown),
    make("p", { className: "soft" }, promise(answers.length, model)));
}

function promise(number, model) {
  if (number === model?.num_answers) return "The model had too few clips to rule out any of its answers.";
  return `${number === 1 ? "Right" : "One of these is right"} in 90 % of clips like those trained on.`;
}

function familiarity({ familiarity: share }) {
  if (share === null || share === undefined) return null;
  return make("p", { className: "soft" },
    `Familiarity ${percent(share)}: of clips held out in training, this share looks at least as strange.`);
}

function notes({ answer, model: answeredBy, corrected }, model) {
  const lines = answer.notes.filter(line => !model?.notes.includes(line));  // those are told of the model
  if (model && !model.calibrated) lines.push("This model had too few clips to calibrate its probabilities.");
  if (model && answeredBy && answeredBy !== model.name) lines.push(`Answered by another model: ${answeredBy}.`);
  if (corrected) lines.push(`You said that the right answer is “${corrected}”.`);
  return lines.map(line => make("p", { className: "note" }, line));
}

function buttons(entry, model, onWhy, onCorrect) {
  const wrong = make("button", { type: "button", className: "quiet", "aria-expanded": "false", id: "wrong" },
    "That’s wrong");
  const why = make("button", { type: "button", id: "why", on: { click: onWhy } }, "Why this answer?");
  const form = correction(entry, model, onCorrect, wrong);
  wrong.addEventListener("click", () => {
    show(form, form.hidden);
    wrong.setAttribute("aria-expanded", String(!form.hidden));
    if (!form.hidden) form.elements.correct.focus();
  });
  const another = model && entry.model && entry.model !== model.name;  // whose row this service cannot write
  const takes = model?.takes_corrections !== false && !another;
  return make("div", { className: "answer-foot" },
    make("div", { className: "answer-buttons" }, why, takes && wrong), takes && form);
}

function correction(entry, model, onCorrect, opener) {
  const options = (model?.answers ?? []).map(answer => make("option", { value: answer }));
  const field = make("input", { id: "correct", name: "correct", type: "text", list: "answers", required: true,
    autocomplete: "off", maxlength: 200 });
  const send = make("button", { type: "submit", className: "primary" }, "Record it");
  const trouble = make("p", { className: "field-trouble", role: "alert" });
  const form = make("form", { className: "correction" },
    make("label", { for: "correct" }, "What is the right answer?"),
    make("div", { className: "question-line" }, field, send), make("datalist", { id: "answers" }, ...options), trouble);
  show(form, false);
  form.addEventListener("submit", async event => {
    event.preventDefault();
    const text = field.value.trim();
    if (!text) { field.focus(); return; }
    send.disabled = true;
    trouble.textContent = "";
    try {
      await onCorrect(text);
      const thanks = make("p", { className: "thanks", tabindex: "-1" },
        "Recorded. Thank you: the next training can learn from it.");
      form.replaceWith(thanks);
      opener.remove();
      thanks.focus();
    } catch (error) {
      trouble.textContent = `${error.message} ${error.advice ?? ""}`;
      send.disabled = false;
    }
  });
  return form;
}
