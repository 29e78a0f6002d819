/** The page's style sheet: system fonts, light and dark, tables that become cards on a phone. */
export const style = `
:root {
  color-scheme: light dark;
  --page: #f6f7f9; --card: #fff; --ink: #1b2430; --faint: #5c6775; --line: #e1e5ea;
  --good: #17794a; --warn: #955b00; --bad: #b3261e; --goodfill: #e3f3ea; --warnfill: #fbeed5; --badfill: #fae3e1;
  --bar: #3b74c4; --barback: #e1e5ea;
}
@media (prefers-color-scheme: dark) {
  :root {
    --page: #12161b; --card: #1a2027; --ink: #e3e8ee; --faint: #98a4b2; --line: #2c3540;
    --good: #6fd3a0; --warn: #f0b95a; --bad: #ff8a80; --goodfill: #163527; --warnfill: #3a2c10; --badfill: #43201d;
    --bar: #6ba1ea; --barback: #2c3540;
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
.why { color: var(--faint); }
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
  .fill span:first-child, .fill span:nth-child(3n+1) { text-align: left; }
}
`
