// Requests to the service: token, busy service, errors in the service's own words.

const TOKEN = "videoqa-token";
const LONGEST_WAIT_SECONDS = 60;

/** An error to show: `code` of the service, or "gone", "cancelled"; `advice` says what to do. */
export class Trouble extends Error {
  constructor(code, message, advice = "", status = 0) {
    super(message);
    this.code = code;
    this.advice = advice;
    this.status = status;
  }
}

const cancelled = () => new Trouble("cancelled", "Cancelled.");
const gone = () => new Trouble("gone", "The service cannot be reached.",
  "It may have been stopped, or the connection is lost. What you asked so far is kept.");

let askForToken = async () => null;
/** Set what asks the user for a token: `async (wasRefused) => token or null`. */
export function onToken(ask) { askForToken = ask; }

let tokenAsked = null;
/** Ask once for all requests that are refused at the same time. */
function newToken(used) {
  const known = sessionStorage.getItem(TOKEN);
  if (known !== used) return Promise.resolve(known);
  tokenAsked ??= askForToken(used !== null).then(token => {
    if (token) sessionStorage.setItem(TOKEN, token);
    return token;
  }).finally(() => { tokenAsked = null; });
  return tokenAsked;
}

/** Return an address of the service, whatever folder a proxy shows it in. */
export const address = path => new URL(path.replace(/^\/+/, ""), document.baseURI).href;

function troubleOf(status, text) {
  let error = null;
  try { error = JSON.parse(text).error; } catch { /* no JSON: a proxy wrote it */ }
  if (error?.code) return new Trouble(error.code, String(error.message), String(error.what_to_do ?? ""), status);
  if (status === 413) return new Trouble("too_large", "The file is larger than this service takes.");
  if (status === 502 || status === 504) return gone();
  return new Trouble("failed", `The service answered with status ${status}.`, "Try again in a moment.");
}

const wait = (seconds, signal) => new Promise((done, stopped) => {
  if (signal?.aborted) { stopped(cancelled()); return; }
  const stop = () => { clearTimeout(timer); stopped(cancelled()); };
  const timer = setTimeout(() => { signal?.removeEventListener("abort", stop); done(); }, 1000 * seconds);
  signal?.addEventListener("abort", stop, { once: true });
});

/**
 * Repeat a request while a token is missing or the service is busy.
 * `send(token)` returns `{status, retryAfter, text()}`; `onBusy(seconds)` is told each second of a wait.
 */
async function persist(send, { signal, onBusy = () => {} } = {}) {
  for (;;) {
    const token = sessionStorage.getItem(TOKEN);
    const reply = await send(token);
    if (reply.status < 400) return reply;
    const trouble = troubleOf(reply.status, await reply.text());
    if (reply.status === 401) {
      if (!await newToken(token)) throw new Trouble("unauthorized", "This service asks for a token.", "Whoever runs it can tell you.");
    } else if (reply.status === 429) {
      const seconds = Math.min(Math.max(Math.ceil(Number(reply.retryAfter)) || 1, 1), LONGEST_WAIT_SECONDS);
      for (let left = seconds; left > 0; left -= 1) {
        onBusy(left);
        await wait(1, signal);
      }
      onBusy(0);
    } else {
      throw trouble;
    }
  }
}

const authorization = token => token ? { Authorization: `Bearer ${token}` } : {};

/** Send a request and return the `Response`; a `body` that is no string is sent as JSON. */
export function request(path, { method = "GET", body, signal, onBusy } = {}) {
  return persist(async token => {
    const headers = authorization(token);
    if (body !== undefined) headers["Content-Type"] = "application/json";
    let response;
    try {
      response = await fetch(address(path), { method, headers, signal, body: body && JSON.stringify(body) });
    } catch {
      throw signal?.aborted ? cancelled() : gone();
    }
    response.retryAfter = response.headers.get("Retry-After");
    return response;
  }, { signal, onBusy });
}

export const getJson = async (path, options) => (await request(path, options)).json();
export const getBlob = async (path, options) => (await request(path, options)).blob();
export const post = (path, body, options) => getJson(path, { ...options, method: "POST", body });

/** Send the bytes of a clip and return what the service says of it; `onProgress(bytes)` while they go. */
export async function sendClip(blob, name, { signal, onBusy, onProgress, limit }) {
  if (limit && blob.size > limit) throw tooLarge(blob.size, limit);
  const path = `api/clips?name=${encodeURIComponent(name)}`;
  const reply = await persist(token => upload(path, blob, token, signal, onProgress), { signal, onBusy });
  return JSON.parse(await reply.text());
}

function upload(path, blob, token, signal, onProgress) {
  return new Promise((done, failed) => {
    if (signal.aborted) { failed(cancelled()); return; }
    const sent = new XMLHttpRequest();  // fetch tells nothing of how much has been sent
    sent.open("POST", address(path));
    for (const [name, value] of Object.entries(authorization(token))) sent.setRequestHeader(name, value);
    sent.setRequestHeader("Content-Type", "application/octet-stream");
    sent.upload.addEventListener("progress", event => onProgress(event.loaded));
    sent.addEventListener("load", () => done({
      status: sent.status, retryAfter: sent.getResponseHeader("Retry-After"), text: async () => sent.responseText,
    }));
    sent.addEventListener("error", () => brokenOff(blob).then(failed));
    sent.addEventListener("abort", () => failed(cancelled()));
    signal.addEventListener("abort", () => sent.abort(), { once: true });
    sent.send(blob);
  });
}

/** Return why a file could not be sent to its end: the browser does not say. */
async function brokenOff(blob) {
  try { await blob.slice(0, 1).arrayBuffer(); } catch {
    return new Trouble("file_changed", "The file can no longer be read.", "It was changed or moved. Choose it again.");
  }
  try {
    const { max_clip_bytes: limit } = await getJson("api/model");
    if (limit && blob.size > limit) return tooLarge(blob.size, limit);
    return new Trouble("broken_off", "The connection broke off while the file was sent.", "Try again.");
  } catch { return gone(); }
}

function tooLarge(size, limit) {
  return new Trouble("too_large", `This file has ${megabytes(size)}; the service takes up to ${megabytes(limit)}.`,
    "Cut the clip, or save it smaller.");
}

export const megabytes = bytes => bytes < 1e6 ? `${Math.max(1, Math.round(bytes / 1e3))} kB`
  : `${(bytes / 1e6).toFixed(bytes < 1e7 ? 1 : 0)} MB`;
