/** The page's style: light, dark and print. The colours of the charts are here too, by the names of their inks. */

import type { Ink } from './charts/chart.js';

type Colours = Readonly<Record<Ink | SurfaceInk, string>>;
type SurfaceInk =
  'page' | 'card' | 'text' | 'muted' | 'grid' | 'link' | 'good' | 'good-page' | 'bad' | 'bad-page';

const light: Colours = {
  page: '#ffffff',
  card: '#f6f7f9',
  text: '#1b1f24',
  muted: '#59636e',
  grid: '#dfe3e8',
  link: '#0b5cad',
  good: '#10693a',
  'good-page': '#dff3e6',
  bad: '#a3202f',
  'bad-page': '#fbe3e4',
  log: '#2268b0',
  backup: '#d97b12',
  alone: '#7d8894',
  pair: '#2268b0',
  paper: '#b5bcc5',
  detect: '#d97b12',
  live: '#2268b0',
  silence: '#a3386c',
  far0: '#9ccb3b',
  far1: '#2fa57e',
  far2: '#23899e',
  far3: '#2f5f9e',
  far4: '#4b2f7f',
};

const dark: Colours = {
  page: '#14171b',
  card: '#1d2127',
  text: '#e8ebef',
  muted: '#a3adb8',
  grid: '#343b44',
  link: '#79b8ff',
  good: '#7ee2a8',
  'good-page': '#173a27',
  bad: '#ff9aa2',
  'bad-page': '#4a1d22',
  log: '#5ea5ec',
  backup: '#f2a44b',
  alone: '#8d98a5',
  pair: '#5ea5ec',
  paper: '#5c6671',
  detect: '#f2a44b',
  live: '#5ea5ec',
  silence: '#ea7fb0',
  far0: '#7b62c9',
  far1: '#5587d8',
  far2: '#3fb0c4',
  far3: '#5cd0a0',
  far4: '#d5e86b',
};

function variables(colours: Colours): string {
  return Object.entries(colours)
    .map(([name, value]) => `--${name}:${value};`)
    .join('');
}

export const style = `
:root{color-scheme:light dark;${variables(light)}}
@media (prefers-color-scheme:dark){:root{${variables(dark)}}}
@media print{:root{color-scheme:light;${variables(light)}}}
*{box-sizing:border-box}
html{scroll-behavior:smooth;-webkit-text-size-adjust:100%}
@media (prefers-reduced-motion:reduce){html{scroll-behavior:auto}}
body{margin:0 auto;max-width:76rem;padding:1.5rem 1.25rem 4rem;background:var(--page);color:var(--text);
font:16px/1.5 system-ui,-apple-system,'Segoe UI',Roboto,'Liberation Sans',sans-serif}
h1{font-size:1.75rem;line-height:1.2;margin:.25rem 0 .75rem;text-wrap:balance}
h2{font-size:1.35rem;line-height:1.25;margin:2.75rem 0 .75rem;padding-top:.75rem;border-top:1px solid var(--grid)}
h3{font-size:1rem;margin:0 0 .5rem}
p{margin:.5rem 0;max-width:48rem;overflow-wrap:anywhere}
a{color:var(--link)}
ul{margin:.25rem 0;padding-left:1.25rem;max-width:48rem}
li{margin:.2rem 0;overflow-wrap:anywhere}
code{font:.875em/1.4 ui-monospace,'SF Mono',Menlo,Consolas,'DejaVu Sans Mono',monospace;background:var(--card);padding:.1em .3em;border-radius:4px}
.note{color:var(--muted)}
.command code{overflow-wrap:anywhere}
.tiles{display:grid;grid-template-columns:repeat(auto-fit,minmax(13rem,1fr));gap:.75rem;margin:1.25rem 0}
.tile{background:var(--card);border-radius:10px;padding:.8rem 1rem;border-left:5px solid var(--grid)}
.tile.good{border-color:var(--good)}
.tile.bad{border-color:var(--bad)}
.tile .name{color:var(--muted);font-size:.875rem}
.tile .value{font-size:1.6rem;font-weight:650;font-variant-numeric:tabular-nums;line-height:1.3}
.tile .note{font-size:.8125rem}
nav ul{list-style:none;padding:0;display:flex;flex-wrap:wrap;gap:.25rem 1rem;max-width:none}
.table{overflow-x:auto;margin:1rem 0;border:1px solid var(--grid);border-radius:10px}
.table:focus-visible{outline:2px solid var(--link)}
table{border-collapse:collapse;width:100%;font-size:.875rem}
caption{text-align:left;font-weight:600;padding:.6rem .75rem;position:sticky;left:0}
th,td{padding:.45rem .75rem;border-top:1px solid var(--grid);text-align:left;vertical-align:top;font-variant-numeric:tabular-nums}
thead th{color:var(--muted);font-weight:600;vertical-align:bottom;background:var(--card)}
tbody th{font-weight:500;background:var(--page);min-width:9rem}
td.right,th.right{text-align:right}
td.right{white-space:nowrap}
td small{display:block;color:var(--muted);white-space:nowrap;font-size:.75rem}
td.quiet{color:var(--muted)}
td.good span,td.bad span{border-radius:99px;padding:.1rem .55rem;font-weight:600;white-space:nowrap}
td.good span{background:var(--good-page);color:var(--good)}
td.bad span{background:var(--bad-page);color:var(--bad)}
.charts{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,30rem),1fr));gap:1rem;margin:1rem 0}
figure{margin:0;padding:1rem;border:1px solid var(--grid);border-radius:10px;max-width:40rem}
.legend{list-style:none;display:flex;flex-wrap:wrap;gap:.1rem .9rem;padding:0;margin:0 0 .5rem;font-size:.8125rem}
.legend li{margin:0}
.legend span{display:inline-block;width:.75rem;height:.75rem;border-radius:3px;margin-right:.35rem;vertical-align:-.05rem;print-color-adjust:exact;-webkit-print-color-adjust:exact}
figcaption{color:var(--muted);font-size:.8125rem;margin-top:.5rem}
.drawing svg{display:block;width:100%;height:auto}
.drawing.narrow{display:none}
.list,.missing{margin:1rem 0}
.missing{border-left:5px solid var(--bad);padding:.25rem 0 .25rem 1rem}
@media screen and (max-width:640px){
body{padding:1rem .75rem 3rem}
h1{font-size:1.4rem}
figure{padding:.75rem .5rem}
figure h3,figcaption{padding:0 .25rem}
.drawing.wide{display:none}
.drawing.narrow{display:block}
.tiles{grid-template-columns:repeat(auto-fit,minmax(9.5rem,1fr))}
table,caption,tbody,tr,td,tbody th{display:block;width:auto}
thead{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%)}
tr{padding:.5rem .75rem;border-top:1px solid var(--grid)}
tbody th,td{border:0;padding:.1rem 0;min-width:0;text-align:left}
tbody th,tbody th.right{font-weight:650;text-align:left}
td,tbody th.right{display:flex;justify-content:space-between;gap:1rem}
td::before,tbody th.right::before{content:attr(data-head);color:var(--muted);font-weight:400}
td div,tbody th.right div{text-align:right}
td small{white-space:normal}
.tile .value{font-size:1.3rem}
}
@media print{
@page{size:A4;margin:14mm}
body{max-width:none;padding:0;font-size:11pt}
nav{display:none}
h2,h3,caption,thead{break-after:avoid}
h2{margin-top:1.5rem}
figure,.tile,tr,.missing,.list{break-inside:avoid}
.charts{grid-template-columns:1fr 1fr}
.drawing.wide{display:none}
.drawing.narrow{display:block}
.table{overflow:visible}
table{font-size:7.5pt}
th,td{padding:.25rem .35rem}
tbody th{min-width:0}
td small{white-space:normal;font-size:6.5pt}
.tile,td.good span,td.bad span{print-color-adjust:exact;-webkit-print-color-adjust:exact}
}
`;
