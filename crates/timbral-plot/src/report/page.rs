/// The style sheet of a report, for light and dark themes, narrow screens and paper.
pub(crate) const STYLE: &str = "\
:root{color-scheme:light dark;--ink:#20242a;--muted:#5c6470;--back:#fff;--card:#f5f6f8;\
--edge:#d9dde3;--link:#1f5fa8}
@media(prefers-color-scheme:dark){:root{--ink:#e8eaed;--muted:#a6aeb8;--back:#16191d;\
--card:#22262c;--edge:#3a4048;--link:#8ab8f0}}
*{box-sizing:border-box}
body{margin:0 auto;max-width:1000px;padding:1.5rem 1rem 4rem;background:var(--back);\
color:var(--ink);font:16px/1.55 system-ui,sans-serif;overflow-wrap:break-word}
h1{font-size:1.9rem;line-height:1.2;margin:.5rem 0}
h2{font-size:1.4rem;margin:2.5rem 0 .5rem;border-bottom:1px solid var(--edge);padding-bottom:.3rem}
h3{font-size:1.1rem;margin:1.8rem 0 .4rem}
a{color:var(--link)}
.lead{font-size:1.1rem;color:var(--muted)}
nav{background:var(--card);border:1px solid var(--edge);border-radius:8px;padding:.4rem 1rem;\
margin:1.2rem 0}
nav ol{margin:.4rem 0;padding-left:1.4rem;columns:18rem}
.cards{display:flex;flex-wrap:wrap;gap:.8rem;margin:1rem 0;padding:0;list-style:none}
.cards li{flex:1 1 9rem;background:var(--card);border:1px solid var(--edge);border-radius:8px;\
padding:.7rem 1rem}
.cards b{display:block;font-size:1.6rem;line-height:1.3}
.cards span{color:var(--muted);font-size:.9rem}
figure{margin:1.2rem 0}
figure .picture{background:#fff;border:1px solid var(--edge);border-radius:8px;padding:.4rem}
figure svg,figure img{display:block;max-width:100%;height:auto;margin:0 auto}
figcaption{color:var(--muted);font-size:.92rem;margin-top:.4rem}
.scroll{overflow-x:auto;margin:1rem 0;border:1px solid var(--edge);border-radius:8px}
table{border-collapse:collapse;width:100%;font-size:.92rem;font-variant-numeric:tabular-nums}
caption{text-align:left;color:var(--muted);padding:.5rem .7rem}
th,td{padding:.4rem .55rem;text-align:left;border-top:1px solid var(--edge)}
.number{text-align:right}
td.number{white-space:nowrap}
thead th{background:var(--card);border-top:0;vertical-align:bottom}
th button{all:unset;cursor:pointer;font-weight:600}
th button:focus-visible{outline:2px solid var(--link)}
th[aria-sort=ascending] button::after{content:' \\2191'}
th[aria-sort=descending] button::after{content:' \\2193'}
pre{overflow-x:auto;background:var(--card);border:1px solid var(--edge);border-radius:8px;\
padding:.8rem 1rem;font-size:.85rem}
@media print{nav{display:none}figure,tr{break-inside:avoid}}
";

/// Sorts a table by the column whose heading is clicked, numerically if every cell starts with a number.
pub(crate) const SCRIPT: &str = "\
document.querySelectorAll('th button').forEach(function(button){
button.addEventListener('click',function(){
var head=button.closest('th'),table=head.closest('table'),body=table.tBodies[0];
var column=head.cellIndex,up=head.getAttribute('aria-sort')!=='ascending';
var rows=Array.from(body.rows);
var text=function(row){return row.cells[column].textContent.trim();};
var number=function(row){return parseFloat(text(row).replace('\\u2212','-'));};
var all=rows.every(function(row){return text(row)===''||!isNaN(number(row));});
rows.sort(function(a,b){
var order;
if(all){var p=number(a),q=number(b);order=isNaN(p)?isNaN(q)?0:1:isNaN(q)?-1:p-q;}
else{order=text(a).localeCompare(text(b));}
return up?order:-order;});
Array.from(head.parentNode.cells).forEach(function(cell){cell.removeAttribute('aria-sort');});
head.setAttribute('aria-sort',up?'ascending':'descending');
rows.forEach(function(row){body.appendChild(row);});
});});
";
