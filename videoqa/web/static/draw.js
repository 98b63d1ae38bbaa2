// Elements and words. Text from data is only ever set as text, never as HTML.

export const byId = id => document.getElementById(id);

/** Return a new element with classes, attributes and children; strings become text. */
export function make(tag, { className, on = {}, ...attributes } = {}, ...children) {
  const element = document.createElement(tag);
  if (className) element.className = className;
  for (const [name, value] of Object.entries(attributes)) {
    if (value === true) element.setAttribute(name, "");
    else if (value !== false && value !== null && value !== undefined) element.setAttribute(name, value);
  }
  for (const [name, act] of Object.entries(on)) element.addEventListener(name, act);
  return fill(element, ...children);
}

/** Give an element these children alone; null, false and "" are left out. */
export function fill(element, ...children) {
  element.replaceChildren(...children.filter(child => child !== null && child !== false && child !== undefined && child !== ""));
  return element;
}

export const show = (element, shown = true) => { element.hidden = !shown; };

/** Say something to those who cannot see the page. */
export function say(text) { byId("said").textContent = text; }

/** Return a probability in words: 1 is never claimed of less than 1. */
export function percent(share) {
  if (share >= 0.9995) return share >= 1 ? "100 %" : "> 99.9 %";
  if (share < 0.0005) return share <= 0 ? "0 %" : "< 0.1 %";
  return `${(100 * share).toFixed(share > 0.99 || share < 0.0095 ? 1 : 0)} %`;
}

export const seconds = value => `${value.toFixed(2)} s`;
export const signed = value => Math.abs(value) < 0.05 ? "0.0" : `${value < 0 ? "−" : "+"}${Math.abs(value).toFixed(1)}`;
export const capital = text => text.charAt(0).toUpperCase() + text.slice(1);
export const sentence = text => `${capital(text)}${/[.!?]$/.test(text) ? "" : "."}`;
export const counted = (number, noun) => `${number.toLocaleString("en")} ${noun}${number === 1 ? "" : "s"}`;

/** Whether the user asked for little movement. */
export const still = () => matchMedia("(prefers-reduced-motion: reduce)").matches;
