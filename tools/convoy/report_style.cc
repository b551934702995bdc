#include "tools/convoy/report_style.h"

namespace convoy::cli {

std::string_view report_style() {
  return R"(
:root { --paper: #fff; --ink: #1c2733; --soft: #5b6b7b; --line: #dde3ea; --panel: #f6f8fa;
        --box: #fff; --edge: #9aa8b5; --fill: 88%; --rim: 42%; color-scheme: light dark; }
@media (prefers-color-scheme: dark) {
  :root { --paper: #12181f; --ink: #dbe4ec; --soft: #93a4b5; --line: #2b3744; --panel: #19212a;
          --box: #222c37; --edge: #5d6f80; --fill: 26%; --rim: 58%; } }
* { box-sizing: border-box; }
body { font: 15px/1.5 system-ui, sans-serif; margin: 0; color: var(--ink);
       background: var(--paper); }
main { max-width: 1500px; margin: 0 auto; padding: 1.5rem; }
h1 { font-size: 1.5rem; margin: 0; } h1 small { font-weight: 400; color: var(--soft); }
h2 { font-size: 1.15rem; margin: 2.2rem 0 .6rem; } p { margin: .3rem 0; }
.soft { color: var(--soft); }
.figures { display: grid; grid-template-columns: repeat(auto-fit, minmax(13rem, 1fr)); gap: 1rem;
           margin: 1.2rem 0; }
.figure { background: var(--panel); border: 1px solid var(--line); border-radius: 10px;
          padding: .8rem 1rem; }
.figure span { color: var(--soft); font-size: .85rem; }
.figure b { display: block; font-size: 1.35rem; font-variant-numeric: tabular-nums; }
.figure b i { font-style: normal; color: var(--soft); font-weight: 400; }
.bar { height: 5px; border-radius: 3px; background: var(--line); margin-top: .35rem; }
.bar i { display: block; height: 5px; border-radius: 3px; background: #2f7d5b; }
.bar.up i { background: #b3662a; }
.graphs { display: grid; grid-template-columns: 1fr 1fr; gap: 1rem; }
.graphs figure { margin: 0; border: 1px solid var(--line); border-radius: 10px;
                 background: var(--panel); overflow: hidden; display: flex;
                 flex-direction: column; height: 68vh; min-height: 26rem; resize: vertical; }
figcaption { display: flex; gap: .4rem; align-items: center; padding: .45rem .8rem;
             border-bottom: 1px solid var(--line); background: var(--paper); }
figcaption b { margin-right: auto; }
button { font: inherit; font-size: .85rem; border: 1px solid var(--line); border-radius: 6px;
         background: var(--panel); color: var(--ink); padding: .05rem .6rem; cursor: pointer; }
button[aria-pressed=true] { background: #2f7d5b; border-color: #2f7d5b; color: #fff; }
.view { flex: 1; min-height: 0; } .view[hidden] { display: none; }
svg { width: 100%; height: 100%; cursor: grab; touch-action: none; display: block; }
svg:active { cursor: grabbing; }
.e path { fill: none; stroke: var(--edge); stroke-width: 1.3; }
.n rect { fill: var(--box); stroke: var(--edge); stroke-width: 1.2; }
.n text { font: 600 12.5px system-ui, sans-serif; text-anchor: middle; fill: var(--ink); }
.n text.d { font: 10.5px system-ui, sans-serif; fill: var(--soft); }
.mv rect { fill: var(--panel); } .mv text { font-weight: 400; fill: var(--soft); }
.io rect { fill: none; stroke-dasharray: 4 3; } .om rect { fill: none; stroke: none; }
.m rect { fill: hsl(var(--h) 78% var(--fill)); stroke: hsl(var(--h) 65% var(--rim)); }
.m text { fill: var(--ink); }
svg.lit .n:not(.lit) { opacity: .3; } svg.lit .e { opacity: .4; }
.merge { border-left: 5px solid hsl(var(--h) 65% var(--rim)); background: var(--panel);
         border-radius: 6px; padding: .5rem .9rem; margin: .5rem 0; }
.merge b { font-size: 1.02rem; } .merge code, td code { font-size: .85em; }
table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; }
th, td { text-align: left; padding: .25rem .75rem .25rem 0; border-bottom: 1px solid var(--line);
         vertical-align: top; overflow-wrap: anywhere; }
th { color: var(--soft); font-weight: 600; font-size: .9rem; }
td.number, th.number { text-align: right; white-space: nowrap; }
details { border-bottom: 1px solid var(--line); padding: .3rem 0; }
summary { cursor: pointer; } summary .count { color: var(--soft); }
details table { margin: .4rem 0 .8rem; font-size: .9rem; }
.two { display: grid; grid-template-columns: 3fr 2fr; gap: 2.5rem; }
@media (max-width: 60rem) { .two, .graphs { grid-template-columns: 1fr; } }
@media print { .graphs figure { height: auto; } button { display: none; } }
)";
}

std::string_view report_script() {
  return R"(
const views = [...document.querySelectorAll('.view svg')];
function box(svg) { return svg.viewBox.baseVal; }
function fit(svg) { svg.setAttribute('viewBox', svg.dataset.whole); }
function zoom(svg, factor, x, y) {
  const b = box(svg);
  if (b.width * factor < 40 || b.width * factor > 4e5) return;
  b.x += (x - b.x) * (1 - factor); b.y += (y - b.y) * (1 - factor);
  b.width *= factor; b.height *= factor;
}
function at(svg, event) {
  return new DOMPoint(event.clientX, event.clientY)
      .matrixTransform(svg.getScreenCTM().inverse());
}
// Readable text first: a graph much larger than the view starts at its top.
function start(svg) {
  const b = box(svg), r = svg.getBoundingClientRect();
  if (!r.width || svg.dataset.started) return;
  svg.dataset.started = 1;
  const scale = Math.min(r.width / b.width, r.height / b.height), least = 0.62;
  if (scale >= 1.25) {
    const w = r.width / 1.25, h = r.height / 1.25;
    b.x -= (w - b.width) / 2; b.y -= (h - b.height) / 2; b.width = w; b.height = h;
  } else if (scale < least) {
    const w = r.width / least, h = r.height / least, first = svg.querySelector('.io, .n');
    const m = first ? first.transform.baseVal.consolidate().matrix : {e: b.width / 2};
    b.x = b.width > w ? Math.min(Math.max(m.e + 30 - w / 2, b.x), b.x + b.width - w)
                      : b.x - (w - b.width) / 2;
    b.width = w; b.height = h;
  }
}
for (const svg of views) {
  svg.dataset.whole = svg.getAttribute('viewBox');
  let last = null;
  svg.addEventListener('wheel', event => {
    event.preventDefault();
    const p = at(svg, event);
    zoom(svg, Math.exp(event.deltaY * (event.ctrlKey ? .01 : .0015)), p.x, p.y);
  }, {passive: false});
  svg.addEventListener('pointerdown', event => {
    last = at(svg, event); svg.setPointerCapture(event.pointerId);
  });
  svg.addEventListener('pointermove', event => {
    if (!last) return;
    const p = at(svg, event), b = box(svg);
    b.x += last.x - p.x; b.y += last.y - p.y;
  });
  svg.addEventListener('pointerup', () => { last = null; });
  svg.addEventListener('dblclick', () => fit(svg));
  start(svg);
}
function light(group) {
  for (const svg of views) {
    svg.classList.toggle('lit', group !== null);
    for (const n of svg.querySelectorAll('.n')) n.classList.toggle('lit', n.dataset.g === group);
  }
}
for (const e of document.querySelectorAll('[data-g]')) {
  e.addEventListener('mouseenter', () => light(e.dataset.g));
  e.addEventListener('mouseleave', () => light(null));
}
for (const button of document.querySelectorAll('figure button')) {
  button.addEventListener('click', () => {
    const figure = button.closest('figure');
    if (button.dataset.do === 'siblings') {
      const on = button.getAttribute('aria-pressed') !== 'true';
      button.setAttribute('aria-pressed', on);
      for (const view of figure.querySelectorAll('.view')) {
        view.hidden = (view.dataset.siblings === 'one') !== on;
        if (!view.hidden) start(view.querySelector('svg'));
      }
      return;
    }
    const svg = figure.querySelector('.view:not([hidden]) svg'), b = box(svg);
    if (button.dataset.do === 'fit') fit(svg);
    else zoom(svg, button.dataset.do === 'in' ? .7 : 1 / .7, b.x + b.width / 2,
              b.y + b.height / 2);
  });
}
)";
}

}  // namespace convoy::cli
