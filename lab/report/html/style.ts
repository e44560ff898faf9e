/** The style sheet of the report, for light, dark and print; it loads no fonts, images or scripts. */
export const STYLE = `
:root{--paper:#fff;--ink:#1b1f24;--soft:#57606a;--rule:#d0d7de;--panel:#f6f8fa;--pass:#116329;--fail:#a40e26;--open:#7d4e00;--pass-bg:#dafbe1;--fail-bg:#ffebe9;--open-bg:#fff8c5;--s0:#0b5fa5;--s1:#b34700;--s2:#00734f;--s3:#8a2f73;--s4:#806000;--s5:#1f7a8c;--s6:#a3324b;--s7:#4d5660;--floor:#d8dee4}
@media (prefers-color-scheme:dark){:root{--paper:#0d1117;--ink:#e6edf3;--soft:#9ea7b3;--rule:#3d444d;--panel:#161b22;--pass:#56d364;--fail:#ff8f87;--open:#e3b341;--pass-bg:#0f2a18;--fail-bg:#3a1418;--open-bg:#33270a;--s0:#6cb6ff;--s1:#f69d50;--s2:#57d9a3;--s3:#e0a1d0;--s4:#dcc24c;--s5:#76d7e6;--s6:#ff9fb0;--s7:#b1bac4;--floor:#2d333b}}
*{box-sizing:border-box}
html{color-scheme:light dark}
body{margin:0;background:var(--paper);color:var(--ink);font:16px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,sans-serif;overflow-wrap:break-word}
main,header,footer,nav{max-width:64rem;margin:0 auto;padding:0 1.25rem}
header{padding-top:2rem}
h1{font-size:1.75rem;line-height:1.2;margin:0 0 .25rem}
h2{font-size:1.35rem;margin:2.5rem 0 .75rem;padding-top:1rem;border-top:1px solid var(--rule)}
h3{font-size:1.05rem;margin:1.75rem 0 .25rem}
p{margin:.4rem 0;max-width:46rem}
.soft,figcaption p{color:var(--soft)}
a{color:var(--s0)}
code,pre{font-family:ui-monospace,SFMono-Regular,Menlo,Consolas,monospace;font-size:.875em}
pre{background:var(--panel);border:1px solid var(--rule);border-radius:6px;padding:.75rem;overflow-x:auto;white-space:pre-wrap;overflow-wrap:anywhere}
nav ul{display:flex;flex-wrap:wrap;gap:.25rem 1rem;list-style:none;padding:0;margin:1rem auto 0}
nav li,.card,.legend li{overflow-wrap:anywhere}
.badge{display:inline-block;font-weight:600;font-size:.8125rem;padding:.1rem .55rem;border-radius:1rem;white-space:nowrap;border:1px solid currentcolor}
.pass{color:var(--pass);background:var(--pass-bg)}
.fail{color:var(--fail);background:var(--fail-bg)}
.inconclusive,.unknown{color:var(--open);background:var(--open-bg)}
.strip{display:grid;grid-template-columns:repeat(auto-fit,minmax(11rem,1fr));gap:.75rem;margin:1rem 0;padding:0}
.card{background:var(--panel);border:1px solid var(--rule);border-radius:8px;padding:.75rem .9rem}
.card dt{color:var(--soft);font-size:.875rem}
.card dd{margin:0}
.card .value{font-size:1.35rem;font-weight:650;font-variant-numeric:tabular-nums}
.card .more{color:var(--soft);font-size:.8125rem;text-wrap:balance}
.scroll{overflow-x:auto}
table{border-collapse:collapse;width:100%;font-size:.9rem;margin:.5rem 0}
th,td{text-align:left;vertical-align:top;padding:.35rem .6rem;border-bottom:1px solid var(--rule)}
th{font-weight:600;color:var(--soft)}
td:not(.number){overflow-wrap:anywhere;min-width:9rem;text-wrap:pretty}
td.number,th.number{text-align:right;font-variant-numeric:tabular-nums;white-space:nowrap}
figure{margin:1.5rem 0}
figcaption p{font-size:.925rem}
svg{display:block;width:100%;min-width:35rem;height:auto}
svg text{fill:var(--ink);font:12px system-ui,-apple-system,"Segoe UI",Roboto,sans-serif}
svg .tick,svg .axis{fill:var(--soft)}
svg .axis{font-weight:600}
svg .frame{fill:#1b1f24;font:11px ui-monospace,SFMono-Regular,Menlo,Consolas,monospace}
.grid{stroke:var(--rule);stroke-width:1;opacity:.6}
.zero{stroke:var(--ink);stroke-width:1}
.floor{fill:var(--floor)}
.span{fill:var(--s6);opacity:.14}
.level{stroke:var(--fail);stroke-width:1.25;stroke-dasharray:2 4}
.line{fill:none;stroke:currentcolor;stroke-width:2;stroke-linejoin:round}
.dashed{stroke-dasharray:7 5}
.band{fill:currentcolor;opacity:.16}
.band.dashed{fill-opacity:.5;stroke:currentcolor;stroke-width:2;opacity:.3}
.mark{fill:currentcolor}
.effect{color:var(--s0)}
.effect.faint{color:var(--s7)}
.whisker{stroke:currentcolor;stroke-width:2}
.bar rect{fill:var(--s0)}
.bar.total rect{fill:var(--s7)}
.bar.remainder rect{fill:var(--s1)}
.cell{fill:var(--s0)}
.s0{color:var(--s0)}.s1{color:var(--s1)}.s2{color:var(--s2)}.s3{color:var(--s3)}.s4{color:var(--s4)}.s5{color:var(--s5)}.s6{color:var(--s6)}.s7{color:var(--s7)}
.legend{display:flex;flex-wrap:wrap;gap:.25rem 1.1rem;list-style:none;margin:.5rem 0 0;padding:0;font-size:.875rem}
.swatch{display:inline-block;width:1.5rem;border-top:3px solid currentcolor;margin-right:.4rem;vertical-align:middle}
.swatch.dashed{border-top-style:dashed}
details{margin:.5rem 0}
summary{cursor:pointer;color:var(--soft);font-size:.9rem}
:focus-visible{outline:2px solid var(--s0);outline-offset:2px}
footer{margin-top:3rem;padding-bottom:3rem;color:var(--soft);font-size:.875rem}
@media screen and (max-width:40rem){
.claims thead{display:none}
.claims,.claims tbody,.claims tr,.claims td{display:block}
.claims tr{padding:.6rem 0;border-bottom:1px solid var(--rule)}
.claims td{padding:.15rem 0;border:0}
.claims td[data-label]::before{content:attr(data-label);color:var(--soft);font-weight:600;display:block}
.claims td[data-label]{padding-left:1rem}
}
@media print{
:root{--paper:#fff;--ink:#000;--soft:#333;--rule:#bbb;--panel:#fff;--pass:#116329;--fail:#a40e26;--open:#7d4e00;--s0:#0b5fa5;--s1:#b34700;--s2:#00734f;--s3:#8a2f73;--s4:#806000;--s5:#1f7a8c;--s6:#a3324b;--s7:#4d5660;--floor:#d8dee4}
html{color-scheme:light}
body{font-size:10.5pt}
nav,details{display:none}
svg{min-width:0}
.scroll{overflow:visible}
figure,tr,.card{break-inside:avoid}
h2,h3{break-after:avoid}
a{color:inherit;text-decoration:none}
}
`.trim()
