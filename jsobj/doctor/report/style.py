"""The style of the report's page. Plain CSS: system fonts, one column, light and dark, phone and paper.

Contrast of every text on its ground is at least 4.5:1 (WCAG 2.2 AA, 1.4.3) in both schemes; a test measures it in a
browser.
"""

STYLE = """
:root {
  color-scheme: light dark;
  --paper: #fdfdfb; --text: #1d2126; --soft: #5a616a; --line: #dcdcd6; --ground: #f3f3ee; --bar: #a9b0b8;
  --pass: #2c6a43; --warn: #7d5300; --fail: #a5281c; --skip: #6a717a; --link: #1f5a96;
  --sans: system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", "Noto Sans", "Liberation Sans", sans-serif;
  --mono: ui-monospace, "SF Mono", "Cascadia Mono", Menlo, Consolas, "Noto Sans Mono", "DejaVu Sans Mono", monospace;
}
@media (prefers-color-scheme: dark) {
  :root {
    --paper: #15171a; --text: #e3e3df; --soft: #a3a9b1; --line: #33373d; --ground: #1e2125; --bar: #626a74;
    --pass: #86c49a; --warn: #dfb35a; --fail: #f19a8e; --skip: #8d949d; --link: #8fbdec;
  }
}
* { box-sizing: border-box; }
html { -webkit-text-size-adjust: 100%; text-size-adjust: 100%; }
body {
  margin: 0; padding: 3rem 1.25rem 4rem; background: var(--paper); color: var(--text);
  font: 400 1rem/1.55 var(--sans); overflow-wrap: anywhere;
}
main, footer { max-width: 44rem; margin: 0 auto; }
h1, h2, h3, p, ol, ul, dl, dd, pre { margin: 0; padding: 0; font-weight: inherit; }
ol, ul { list-style: none; }
code, pre { font-family: var(--mono); font-size: .875em; unicode-bidi: isolate; }
pre { white-space: pre-wrap; }

.made, .counts, .note, .origin, .label, .secs, .of, footer { color: var(--soft); }
.made, .note, .origin, .label, footer, .layers .secs, .layers .word, .rows .secs { font-size: .875rem; }
.secs, .n, time { font-variant-numeric: tabular-nums; }
.pass { --state: var(--pass); } .warn { --state: var(--warn); }
.fail { --state: var(--fail); } .skip { --state: var(--skip); }

h1 { margin: .9rem 0 .3rem; font-size: clamp(1.5rem, 1.2rem + 1.6vw, 2.125rem); line-height: 1.2; font-weight: 650;
  letter-spacing: -.012em; text-wrap: balance; }
.state { display: flex; align-items: center; gap: .5rem; margin-bottom: .1rem; color: var(--state); font-size: 1.125rem;
  letter-spacing: 0; }
.state .mark { margin: 0; }
h2 { font-size: 1.125rem; line-height: 1.35; font-weight: 650; }
h3 { font-size: 1rem; line-height: 1.45; font-weight: 650; display: flex; gap: .6rem; align-items: flex-start; }
section { margin-top: 2.75rem; }
section.first { margin-top: 1.75rem; }
.note { margin-top: .15rem; }

.mark { flex: none; width: 1rem; height: 1rem; margin-top: .22em; fill: var(--state); }
.mark .ink { fill: none; stroke: var(--paper); stroke-width: 1.8; stroke-linecap: round; stroke-linejoin: round; }
.mark .ring { fill: none; stroke: var(--state); stroke-width: 1.6; stroke-dasharray: 2.4 2.3; }

.check { border-left: 3px solid var(--state); padding: .1rem 0 .1rem 1.15rem; }
.check + .check { margin-top: 1.75rem; }
h2 + .check { margin-top: 1rem; }
.origin { margin-top: .15rem; }
.origin strong { color: var(--state); font-weight: 650; }
.id { color: inherit; }
.next, .fix { margin-top: 1rem; }
.label { font-weight: 600; margin-bottom: .2rem; }
.hint + .hint { margin-top: .4rem; }
.command + .hint { margin-top: .6rem; }
.command span { display: inline-block; max-width: 100%; }
.found { margin-top: .6rem; }
.first .found { font-size: 1.0625rem; }
.rows .found { display: block; margin-top: 0; color: var(--soft); font-size: .875rem; }
.hint, .said, .found { white-space: pre-line; unicode-bidi: isolate; }
.command, .diff { margin-top: .5rem; padding: .6rem .8rem; background: var(--ground); border-radius: 4px;
  line-height: 1.5; }
.command { user-select: all; -webkit-user-select: all; }
.diff span { display: block; min-height: 1.5em; }
.diff .added { color: var(--pass); } .diff .removed { color: var(--fail); }

details { margin-top: 1rem; }
summary { cursor: pointer; list-style: none; display: flex; gap: .6rem; align-items: baseline; border-radius: 3px; }
summary::-webkit-details-marker { display: none; }
summary::before { content: ""; flex: none; width: .42em; height: .42em; margin: 0 .1em; border: solid var(--soft);
  border-width: 0 1.5px 1.5px 0; transform: translateY(-.15em) rotate(-45deg); }
details[open] > summary::before { transform: translateY(-.2em) rotate(45deg); }
summary:hover { text-decoration: underline; text-decoration-color: var(--line); text-underline-offset: .25em; }
summary:focus-visible, a:focus-visible { outline: 2px solid var(--link); outline-offset: 3px; }
.check summary { color: var(--soft); font-size: .875rem; font-weight: 600; }
details.group { margin-top: 0; }
section:has(> .group) + section:has(> .group) { margin-top: 1rem; }
.n { color: var(--soft); font-weight: 400; margin-left: .15em; }

.facts { margin-top: .5rem; display: grid; grid-template-columns: minmax(7rem, max-content) minmax(0, 1fr);
  gap: .3rem 1.25rem; font-size: .875rem; }
.facts dt { color: var(--soft); max-width: 13rem; }
.facts dd { white-space: pre-wrap; }
.facts dd code { font-size: .9375em; }
header .facts { margin-top: 1.25rem; }
.said { margin-top: .5rem; font-size: .875rem; }
.ids code { user-select: all; -webkit-user-select: all; }

.layers { margin-top: 1rem; }
.layers li { position: relative; display: grid; align-items: center; gap: 0 .9rem; padding: .34rem 0;
  grid-template-columns: 1rem minmax(0, 1fr) 8.5rem minmax(5rem, 11rem) 4.25rem; }
.layers .mark { margin: 0; }
.layers li + li::before { content: ""; position: absolute; left: calc(.5rem - .5px); bottom: calc(50% + .68rem);
  height: calc(100% - 1.36rem); border-left: 1px solid var(--soft); }
.layers li.skip::before { border-left-style: dashed; opacity: .7; }
.layers .word { color: var(--state); font-weight: 600; }
.layers .of { font-weight: 400; }
.layers li.fail .name { font-weight: 650; }
.layers li.skip .name { color: var(--soft); }
.bar { width: 100%; height: .3rem; border-radius: 2px; }
.bar rect { fill: var(--bar); }
.layers .secs, .rows .secs { text-align: right; white-space: nowrap; }

.rows { margin-top: .75rem; }
.rows li { border-top: 1px solid var(--line); }
.rows details { margin: 0; }
.rows summary, .row { display: flex; gap: .6rem; align-items: flex-start; padding: .45rem 0; }
.rows summary::before { margin-top: .62em; }
.row::before { content: ""; flex: none; width: .62em; }
.rows .what { flex: 1; min-width: 0; }
.rows .id { color: var(--soft); margin-left: .35em; }
.rows details > :not(summary) { margin-left: 2.85rem; }
.rows details > :last-child:not(summary) { margin-bottom: .9rem; }
.rows details > .facts { margin-top: 0; }

footer { margin-top: 3.5rem; padding-top: 1rem; border-top: 1px solid var(--line); }

@media (max-width: 34rem) {
  body { padding: 1.5rem 1rem 3rem; }
  section { margin-top: 2.25rem; }
  .check { padding-left: .9rem; }
  .layers li { grid-template-columns: 1rem minmax(0, 1fr) auto; padding: .5rem 0; }
  .layers .bar { grid-column: 2; grid-row: 2; }
  .layers .secs { grid-column: 3; grid-row: 2; }
  .layers .word { text-align: right; }
  .layers .mark { align-self: start; margin-top: .22em; grid-row: 1 / 3; }
  .layers li + li::before { bottom: calc(100% - .7rem); height: calc(100% - 1.4rem); }
  .facts { grid-template-columns: minmax(0, 1fr); gap: 0; }
  .facts dt { max-width: none; }
  .facts dd + dt { margin-top: .5rem; }
  .rows details > :not(summary) { margin-left: 1.25rem; }
}
@media print {
  :root { --paper: #fff; --text: #000; --soft: #444; --line: #bbb; --ground: #f4f4f4; --bar: #999;
    --pass: #1f5a35; --warn: #6b4700; --fail: #96200f; --skip: #555; --link: #000; }
  body { padding: 0; font-size: 10pt; }
  main, footer { max-width: none; }
  * { print-color-adjust: exact; -webkit-print-color-adjust: exact; }
  /* On paper nothing can be unfolded: all evidence is printed. */
  details::details-content { content-visibility: visible; display: block; }
  summary::before, .row::before { display: none; }
  .rows details > :not(summary) { margin-left: 1.6rem; }
  h1, h2, h3, .origin, .label, summary { break-after: avoid; }
  li, dd, pre { break-inside: avoid; }
}
"""
