/** The page's style sheet: system fonts, light and dark, tables that become cards on a phone. */
export const style = `
:root {
  color-scheme: light dark;
  --page: #f6f7f9; --card: #fff; --ink: #1b2430; --faint: #5c6775; --line: #e1e5ea;
  --good: #17794a; --warn: #955b00; --bad: #b3261e; --goodfill: #e3f3ea; --warnfill: #fbeed5; --badfill: #fae3e1;
  --bar: #3b74c4; --barback: #e1e5ea;
  --line1: #2563b0; --line2: #b3541e; --line3: #0f7a62; --line4: #8a3fa0; --line5: #7a6200;
}
@media (prefers-color-scheme: dark) {
  :root {
    --page: #12161b; --card: #1a2027; --ink: #e3e8ee; --faint: #98a4b2; --line: #2c3540;
    --good: #6fd3a0; --warn: #f0b95a; --bad: #ff8a80; --goodfill: #163527; --warnfill: #3a2c10; --badfill: #43201d;
    --bar: #6ba1ea; --barback: #2c3540;
    --line1: #7db0f5; --line2: #f2a068; --line3: #5fd0b0; --line4: #d59be6; --line5: #dcc558;
  }
}
* { box-sizing: border-box; }
body { margin: 0; background: var(--page); color: var(--ink); font: 15px/1.5 system-ui, sans-serif; }
header, main, footer { max-width: 80rem; margin: 0 auto; padding: 0 1.25rem; }
header { padding-top: 1.5rem; }
h1 { font-size: 1.5rem; line-height: 1.25; margin: 0; overflow-wrap: anywhere; }
h2 { font-size: 1.05rem; margin: 0 0 .5rem; }
section { background: var(--card); border: 1px solid var(--line); border-radius: .5rem; padding: 1rem 1.25rem; margin: 1rem 0; }
p { margin: 0 0 .75rem; max-width: 48rem; }
p:last-child { margin-bottom: 0; }
[hidden] { display: none !important; }
#live { color: var(--faint); margin: .25rem 0 0; }
#live[data-live]:not(.bad)::before { content: '●'; color: var(--good); margin-right: .4rem; }
#live.bad { color: var(--bad); font-weight: 600; }
.problems { list-style: none; margin: 0 0 1rem; padding: 0; }
.problems .note { margin: .5rem 0 0; overflow-wrap: anywhere; }
.uplot { line-height: 1; }
@media (min-width: 64rem) { .nowrap { white-space: nowrap; } }
.problems .note .why { color: inherit; }
.problems .note .why::before { content: '— '; }
.areas { display: grid; grid-template-columns: repeat(auto-fill, minmax(15rem, 1fr)); gap: .75rem 1.5rem; margin: 0; }
.areas div { min-width: 0; }
.areas dt { font-weight: 600; display: flex; gap: .5rem; align-items: baseline; }
.areas dd { margin: 0; overflow-wrap: anywhere; }
.tree, .tree ul { list-style: none; margin: 0; padding: 0; }
.tree ul { margin-left: .35rem; padding-left: 1rem; border-left: 1px solid var(--line); }
.tree li { padding: .2rem 0; overflow-wrap: anywhere; }
.tree > li + li { border-top: 1px solid var(--line); }
.tree summary { cursor: pointer; }
.charts { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 14.5rem), 1fr)); gap: 1rem; }
figure { margin: 0; min-width: 0; overflow: hidden; display: grid; grid-template-rows: 1fr auto; }
figcaption { font-size: .9rem; display: flex; flex-wrap: wrap; gap: 0 .9rem; align-content: start; padding-bottom: .5rem; }
.legend::before { content: ''; display: inline-block; width: 1.1rem; border-top: 2px solid currentcolor; vertical-align: middle; margin-right: .35rem; }
.line1 { color: var(--line1); } .line2 { color: var(--line2); } .line3 { color: var(--line3); } .line4 { color: var(--line4); } .line5 { color: var(--line5); }
.line2::before { border-top-style: dashed; } .line3::before { border-top-style: dotted; }
form { display: flex; flex-wrap: wrap; gap: .5rem 1rem; align-items: center; margin-bottom: .75rem; }
select, input, button { font: inherit; color: inherit; background: var(--page); border: 1px solid var(--faint); border-radius: .3rem; padding: .25rem .5rem; max-width: 100%; }
button { cursor: pointer; }
button[aria-pressed="true"] { background: var(--warnfill); color: var(--warn); }
:focus-visible { outline: 2px solid var(--bar); outline-offset: 2px; }
#events { list-style: none; margin: 0; padding: 0; max-height: 28rem; overflow: auto; font-size: .9rem; font-variant-numeric: tabular-nums; }
#events li { display: grid; grid-template-columns: 11.5rem 14rem 1fr; gap: 0 .75rem; padding: .25rem 0; border-top: 1px solid var(--line); }
#events .from { color: var(--faint); overflow-wrap: anywhere; }
#events .body { overflow-wrap: anywhere; white-space: pre-wrap; }
.facts { display: flex; flex-wrap: wrap; gap: .25rem 1.5rem; margin: .5rem 0 0; }
.facts div { display: flex; gap: .4rem; }
.facts dt { color: var(--faint); }
.facts dd { margin: 0; overflow-wrap: anywhere; }
.note { border-left: 3px solid; padding: .5rem .75rem; border-radius: .25rem; margin: 1rem 0 0; max-width: none; }
.note.warn { color: var(--warn); background: var(--warnfill); }
.note.bad { color: var(--bad); background: var(--badfill); }
table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; }
table + h3, p + h3 { margin-top: 1.25rem; }
h3 { font-size: .95rem; margin: 1rem 0 .25rem; color: var(--faint); font-weight: 600; }
th, td { text-align: left; padding: .4rem .75rem .4rem 0; border-top: 1px solid var(--line); vertical-align: top; overflow-wrap: break-word; }
thead th { border-top: 0; color: var(--faint); font-weight: 500; font-size: .85rem; white-space: nowrap; }
tbody th { font-weight: 600; }
th:last-child, td:last-child { padding-right: 0; }
.number { text-align: right; white-space: nowrap; }
.number + td:not(.number), .number + th:not(.number) { padding-left: 1rem; }
table + p { margin-top: .75rem; }
.why { color: var(--faint); overflow-wrap: anywhere; }
.mark { display: inline-block; padding: 0 .5rem; border-radius: 1rem; font-size: .85rem; white-space: nowrap; }
.mark.good { color: var(--good); background: var(--goodfill); }
.mark.warn { color: var(--warn); background: var(--warnfill); }
.mark.bad { color: var(--bad); background: var(--badfill); }
.mark.faint { color: var(--faint); background: var(--barback); }
.fill { display: grid; grid-template-columns: 5.5rem minmax(5rem, 14rem) 3.5rem; gap: .15rem .75rem; align-items: center; }
.fill span:nth-child(3n) { text-align: right; }
svg { display: block; width: 100%; height: .6rem; }
svg .back { fill: var(--barback); }
svg .good { fill: var(--bar); }
svg .warn { fill: var(--warn); }
svg .bad { fill: var(--bad); }
footer { color: var(--faint); padding-bottom: 2rem; font-size: .9rem; }
a { color: inherit; }
@media (max-width: 44rem) {
  header, main, footer { padding-left: .75rem; padding-right: .75rem; }
  header { padding-top: 1rem; }
  section { padding: .75rem; }
  table, tbody, tr, th, td { display: block; width: auto; }
  thead { position: absolute; clip-path: inset(50%); }
  tr { border-top: 1px solid var(--line); padding: .5rem 0; }
  tbody tr:first-child { border-top: 0; }
  th, td, .number, .number + td:not(.number) { border: 0; padding: .1rem 0; text-align: left; white-space: normal; }
  td { display: flex; gap: .75rem; justify-content: space-between; }
  td > span { text-align: right; min-width: 0; overflow-wrap: anywhere; }
  td::before { content: attr(data-label); color: var(--faint); flex: none; }
  td:empty { display: none; }
  td .fill { grid-template-columns: 5.5rem minmax(3rem, 1fr) 3.5rem; }
  td:has(.fill) > span { flex: 1; }
  #events { max-height: 24rem; }
  #events li { display: block; padding: .4rem 0; }
  #events .when { margin-right: .5rem; }
  #events .body { display: block; }
  .areas { grid-template-columns: 1fr; gap: .5rem; }
  form label { flex: 1 1 9rem; }
  form select, form input { width: 100%; }
  .fill span:first-child, .fill span:nth-child(3n+1) { text-align: left; }
}
`
