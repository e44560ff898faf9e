/** The styles of the reference page: readable in light and dark mode, without external resources. */
export const REFERENCE_STYLE = `
:root{color-scheme:light dark;--fg:#1c2024;--dim:#5c6670;--bg:#fff;--soft:#f4f6f8;--line:#dfe4e8;--link:#0b63ce;--get:#0b6e4f;--post:#0b63ce;--put:#8a5a00;--patch:#8a5a00;--delete:#b3261e}
@media(prefers-color-scheme:dark){:root{--fg:#e6e9ec;--dim:#9aa5af;--bg:#14171a;--soft:#1d2125;--line:#30363c;--link:#6cb0ff;--get:#4fc79b;--post:#6cb0ff;--put:#e0ac55;--patch:#e0ac55;--delete:#ff8d85}}
*{box-sizing:border-box}
html{scroll-padding-top:1rem}
body{margin:0;font:16px/1.55 system-ui,sans-serif;color:var(--fg);background:var(--bg);display:grid;grid-template-columns:17rem minmax(0,1fr)}
nav{position:sticky;top:0;height:100vh;overflow:auto;padding:1.25rem;background:var(--soft);border-right:1px solid var(--line);font-size:.875rem}
nav h2{font-size:.8rem;margin:1.1rem 0 .3rem;color:var(--dim);text-transform:uppercase;letter-spacing:.04em}
nav ul{list-style:none;margin:0;padding:0}
nav li{margin:.15rem 0}
main{padding:2rem clamp(1rem,4vw,3.5rem);max-width:62rem}
a{color:var(--link);text-decoration:none}
a:hover,a:focus{text-decoration:underline}
h1{margin:0 0 .5rem;font-size:1.8rem}
main>section>h2{margin:3rem 0 .5rem;padding-top:1rem;border-top:1px solid var(--line)}
article{margin:1.75rem 0;padding:1.1rem 1.25rem;border:1px solid var(--line);border-radius:.6rem}
article h3{margin:0 0 .25rem;font-size:1.05rem}
h4{margin:1rem 0 .3rem;font-size:.85rem;color:var(--dim)}
p{margin:.4rem 0}
code,pre{font:.85em/1.5 ui-monospace,monospace}
code{background:var(--soft);padding:.1em .3em;border-radius:.25rem;overflow-wrap:anywhere}
pre{background:var(--soft);padding:.8rem;border-radius:.4rem;overflow:auto;margin:.4rem 0}
pre code{padding:0;background:none}
.path{display:flex;gap:.6rem;align-items:baseline;flex-wrap:wrap;margin:.3rem 0}
.verb{font:700 .8rem/1 ui-monospace,monospace;color:var(--dim)}
.get{color:var(--get)}.post{color:var(--post)}.put{color:var(--put)}.patch{color:var(--patch)}.delete{color:var(--delete)}
table{border-collapse:collapse;width:100%;font-size:.9rem;display:block;overflow-x:auto}
th,td{text-align:left;vertical-align:top;padding:.35rem .7rem .35rem 0;border-bottom:1px solid var(--line)}
th{color:var(--dim);font-weight:600}
.dim{color:var(--dim);font-size:.9rem}
@media(max-width:52rem){body{display:block}nav{position:static;height:auto;max-height:40vh;border-right:0;border-bottom:1px solid var(--line)}}
`
