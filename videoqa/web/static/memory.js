// What the browser keeps: questions in localStorage, for all tabs; files in IndexedDB; the tab's own clip.

const HISTORY = "videoqa-history", CLIP = "videoqa-clip";
const MOST_QUESTIONS = 200, MOST_FILES = 12, MOST_BYTES = 256e6;

/** Return what was asked, the latest first: `{at, clip, clipName, question, answer, model}` each. */
export function history() {
  try {
    const kept = JSON.parse(localStorage.getItem(HISTORY));
    return Array.isArray(kept) ? kept.filter(entry => entry?.clip && entry.answer?.text !== undefined) : [];
  } catch {
    return [];  // another program wrote there, or the browser keeps nothing
  }
}

/** Add a question; the same one about the same clip is kept once. */
export function remember(entry) {
  const same = each => each.clip === entry.clip && each.question === entry.question && each.model === entry.model;
  let entries = [entry, ...history().filter(each => !same(each))].slice(0, MOST_QUESTIONS);
  while (entries.length) {
    try { localStorage.setItem(HISTORY, JSON.stringify(entries)); return; }
    catch { entries = entries.slice(0, Math.floor(entries.length / 2)); }  // full
  }
}

/** Mark a question as corrected. */
export function rememberCorrection(clip, question, correct) {
  const entries = history();
  for (const entry of entries) if (entry.clip === clip && entry.question === question) entry.corrected = correct;
  try { localStorage.setItem(HISTORY, JSON.stringify(entries)); } catch { /* full: the service has it */ }
}

export async function forgetAll() {
  localStorage.removeItem(HISTORY);
  try { await inStore("readwrite", store => store.clear()); } catch { /* nothing was kept */ }
}

/** Call `changed` when another tab asks or clears. */
export function onHistory(changed) {
  addEventListener("storage", event => { if (event.key === HISTORY || event.key === null) changed(); });
}

/** Return `{id, name}` of the clip that this tab had on the stage, or null. */
export function tabClip() {
  try { return JSON.parse(sessionStorage.getItem(CLIP)); } catch { return null; }
}

/** Keep what `tabClip` returns; null: none. */
export function keepTabClip(clip) {
  if (clip) sessionStorage.setItem(CLIP, JSON.stringify({ id: clip.id, name: clip.name }));
  else sessionStorage.removeItem(CLIP);
}

let opened = null;
function open() {
  opened ??= new Promise((done, failed) => {
    const asked = indexedDB.open("videoqa", 1);
    asked.onupgradeneeded = () => asked.result.createObjectStore("files", { keyPath: "id" });
    asked.onsuccess = () => done(asked.result);
    asked.onerror = () => failed(asked.error);
  });
  return opened;
}

async function inStore(mode, act) {
  const store = (await open()).transaction("files", mode).objectStore("files");
  const asked = act(store);
  return new Promise((done, failed) => {
    asked.onsuccess = () => done(asked.result);
    asked.onerror = () => failed(asked.error);
  });
}

/** Keep the file of a clip, and let go of the oldest ones; a browser that keeps none is no trouble. */
export async function keepFile(id, name, blob) {
  if (blob.size > MOST_BYTES) return;
  try {
    await inStore("readwrite", store => store.put({ id, name, blob, size: blob.size, at: Date.now() }));
    const kept = (await inStore("readonly", store => store.getAll())).sort((a, b) => b.at - a.at);
    let bytes = 0;
    for (const [place, file] of kept.entries()) {
      bytes += file.size;
      if (place >= MOST_FILES || bytes > MOST_BYTES) await inStore("readwrite", store => store.delete(file.id));
    }
  } catch { /* a private window, or no room */ }
}

/** Return `{name, blob}` of a clip, or null. */
export async function keptFile(id) {
  try { return await inStore("readonly", store => store.get(id)) ?? null; } catch { return null; }
}
