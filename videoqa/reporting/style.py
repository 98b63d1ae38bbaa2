"""The look of a report: one style sheet, for light and dark screens, narrow ones and paper."""

STYLE = """
:root {
  color-scheme: light dark;
  --paper: #ffffff; --ink: #1d2329; --soft: #5b6670; --line: #d9dee3; --panel: #f5f7f9;
  --model: #2f6fab; --floor: #9aa5b0; --good: #2e7d4f; --bad: #b3412e;
}
@media (prefers-color-scheme: dark) {
  :root {
    --paper: #15191d; --ink: #e4e8ec; --soft: #9aa6b1; --line: #333b43; --panel: #1d2329;
    --model: #6ba7dd; --floor: #6d7883; --good: #6fbf8e; --bad: #e08a78;
  }
}
* { box-sizing: border-box; }
body {
  margin: 0 auto; padding: 2rem 1.25rem 4rem; max-width: 62rem; background: var(--paper); color: var(--ink);
  font: 16px/1.55 system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif;
  overflow-wrap: anywhere;
}
h1 { font-size: 1.6rem; line-height: 1.25; margin: 0 0 .25rem; }
h2 { font-size: 1.2rem; margin: 2.75rem 0 .75rem; padding-bottom: .3rem;
  border-bottom: 1px solid var(--line); }
h3 { font-size: 1rem; margin: 1.5rem 0 .5rem; }
p { margin: .5rem 0; max-width: 46rem; }
.soft, caption, figcaption { color: var(--soft); font-size: .9rem; font-weight: 400; }
.headline { display: flex; flex-wrap: wrap; align-items: baseline; gap: .25rem 1rem; margin-top: 1.5rem; }
.headline strong { font-size: 3rem; line-height: 1.1; font-weight: 650; letter-spacing: -.02em; }
.verdict { font-size: 1.08rem; padding: .8rem 1rem; background: var(--panel);
  border-left: 4px solid var(--floor); }
.verdict.good { border-color: var(--good); } .verdict.bad { border-color: var(--bad); }
.verdict p { margin: .25rem 0; }
.scroll { overflow-x: auto; margin: .75rem 0; }
table { border-collapse: collapse; width: 100%; font-size: .92rem; font-variant-numeric: tabular-nums; }
caption { text-align: left; padding-bottom: .4rem; }
th, td { padding: .35rem .7rem .35rem 0; text-align: right; vertical-align: top;
  border-bottom: 1px solid var(--line); }
th { font-weight: 600; } thead th { color: var(--soft); font-weight: 500; vertical-align: bottom; }
th:first-child, td:first-child, .words th, .words td { text-align: left; }
th:first-child { min-width: 7rem; overflow-wrap: anywhere; }
td, thead th { overflow-wrap: normal; } td { white-space: nowrap; }
.words td { overflow-wrap: anywhere; white-space: normal; }
tr.total th, tr.total td, tr.model th, tr.model td { font-weight: 650; }
td.bar { width: 34%; min-width: 8rem; padding-right: 0; }
.track { position: relative; height: .9rem; margin-top: .3rem; background: var(--panel); border-radius: 2px; }
.fill { height: 100%; background: var(--floor); border-radius: 2px; }
.model .fill { background: var(--model); }
.whisker { position: absolute; top: 50%; height: 2px; min-width: 2px; margin-top: -1px;
  background: var(--ink); }
figure { margin: 1rem 0; }
figure img { display: block; max-width: 100%; height: auto; background: #fff; border: 1px solid var(--line);
  border-radius: 4px; }
.clip { border: 1px solid var(--line); border-radius: 4px; padding: .8rem 1rem; margin: 1rem 0; }
.clip img { display: block; max-width: 100%; height: auto; background: #fff; margin-bottom: .6rem; }
.clip .missing { padding: 1rem; background: var(--panel); color: var(--soft); margin-bottom: .6rem; }
.clip .question { font-weight: 600; margin: 0 0 .4rem; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: .15rem .9rem; margin: 0; font-size: .92rem; }
dt { color: var(--soft); } dd { margin: 0; }
.right { color: var(--good); } .wrong { color: var(--bad); }
pre { padding: .8rem 1rem; background: var(--panel); border: 1px solid var(--line); border-radius: 4px;
  white-space: pre-wrap; font: .88rem/1.5 ui-monospace, SFMono-Regular, Menlo, Consolas, monospace; }
details > summary { cursor: pointer; color: var(--soft); }
footer { margin-top: 3rem; color: var(--soft); font-size: .85rem; }
@media (max-width: 36rem) {
  body { padding: 1.25rem .9rem 3rem; font-size: 15px; }
  .headline strong { font-size: 2.4rem; }
  td.bar { display: none; }
  dl { grid-template-columns: 1fr; } dd { margin-bottom: .35rem; }
}
@media print {
  :root { --paper: #fff; --ink: #000; --soft: #444; --line: #bbb; --panel: #f3f3f3; --model: #2f6fab;
    --floor: #9aa5b0; --good: #2e7d4f; --bad: #b3412e; }
  body { max-width: none; padding: 0; font-size: 10.5pt; }
  .clip, figure, tr { break-inside: avoid; } h2, h3 { break-after: avoid; }
  .track, .fill, .whisker, .verdict { print-color-adjust: exact; -webkit-print-color-adjust: exact; }
  .scroll { overflow: visible; }
}
"""
