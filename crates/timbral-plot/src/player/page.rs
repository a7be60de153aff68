/// The style sheet of a page with players, for light and dark themes and narrow screens.
pub(crate) const STYLE: &str = "\
:root{color-scheme:light dark;--ink:#20242a;--muted:#5c6470;--back:#fff;--card:#f5f6f8;\
--edge:#d9dde3;--bar:#2f6fb3;--cursor:#c2410c;--names:8.5rem}
@media(prefers-color-scheme:dark){:root{--ink:#e8eaed;--muted:#a6aeb8;--back:#16191d;\
--card:#22262c;--edge:#3a4048;--bar:#6aa5e8;--cursor:#fb923c}}
*{box-sizing:border-box}
body{margin:0 auto;max-width:1100px;padding:1.5rem 1rem 4rem;background:var(--back);\
color:var(--ink);font:16px/1.5 system-ui,sans-serif;overflow-wrap:break-word}
h1{font-size:1.7rem;line-height:1.2;margin:.5rem 0}
section+section{margin-top:2.5rem;padding-top:1.5rem;border-top:1px solid var(--edge)}
.lead{color:var(--muted);margin:.3rem 0 1rem}
audio{display:block;width:100%;margin:1rem 0 .5rem}
.now{display:flex;flex-wrap:wrap;gap:.3rem 1.2rem;min-height:1.6rem;margin:.4rem 0 .8rem;\
font-variant-numeric:tabular-nums}
.now b{min-width:7.5rem}
.time{position:relative;border:1px solid var(--edge);border-radius:8px;background:var(--card);\
overflow:hidden;cursor:pointer;touch-action:pan-y}
.lane{display:grid;grid-template-columns:var(--names) 1fr;border-top:1px solid var(--edge)}
.lane:first-child{border-top:0}
.name{padding:.2rem .6rem;align-self:center;overflow:hidden;text-overflow:ellipsis;\
white-space:nowrap;font-size:.9rem}
.lane img{display:block;width:100%;height:180px}
.lane svg{display:block;width:100%;height:30px;fill:var(--bar);background:var(--back)}
.axis{position:relative;height:1.5rem;color:var(--muted);font-size:.8rem}
.axis span{position:absolute;top:.15rem;padding-left:.25rem;border-left:1px solid var(--edge)}
@media(max-width:34rem){:root{--names:5.5rem}.axis span:nth-child(even){display:none}}
.cursor{position:absolute;top:0;bottom:0;width:2px;margin-left:-1px;background:var(--cursor);\
pointer-events:none;left:calc(var(--names) + (100% - var(--names))*var(--at,0))}
";

/// Moves the cursor of each recording with its player, shows the name of the largest value under it, seeks to a time
/// that is clicked or dragged to, and pauses the other recordings when one plays.
pub(crate) const SCRIPT: &str = "\
document.querySelectorAll('section').forEach(function(song){
var audio=song.querySelector('audio'),time=song.querySelector('.time');
var now=song.querySelector('.now'),strip=song.querySelector('.axis');
var seconds=parseFloat(time.dataset.seconds);
var lanes=Array.from(song.querySelectorAll('.lane svg')).map(function(svg){
var number=function(bar,name){return parseFloat(bar.getAttribute(name));};
return {name:svg.previousElementSibling.textContent,\
bars:Array.from(svg.querySelectorAll('rect')).map(function(bar){\
return {start:number(bar,'x'),width:number(bar,'width'),value:number(bar,'height')/100};})};});
var clock=function(s){s=Math.floor(s);return Math.floor(s/60)+':'+String(s%60).padStart(2,'0');};
var shown='';
var draw=function(){
var t=Math.min(audio.currentTime,seconds);
time.style.setProperty('--at',t/seconds);
var parts=lanes.map(function(lane){
var bar=lane.bars.find(function(bar){return t>=bar.start&&t<bar.start+bar.width;});
return [lane.name,(bar||lane.bars[lane.bars.length-1]||{value:0}).value];});
parts.sort(function(a,b){return b[1]-a[1];});
var text=[clock(t)+' / '+clock(seconds)].concat(parts.slice(0,3).map(function(part){\
return part[0]+' '+part[1].toFixed(2);}));
if(text.join()===shown){return;}
shown=text.join();
now.replaceChildren.apply(now,text.map(function(text,i){
var part=document.createElement(i===0?'b':'span');
part.textContent=text;
return part;}));
};
var tick=function(){draw();if(!audio.paused){requestAnimationFrame(tick);}};
audio.addEventListener('play',function(){
document.querySelectorAll('audio').forEach(function(other){if(other!==audio){other.pause();}});
tick();
});
['seeking','seeked','timeupdate','loadedmetadata'].forEach(function(on){\
audio.addEventListener(on,draw);});
var seek=function(event){
var box=strip.getBoundingClientRect();
var at=(event.clientX-box.left)/box.width;
if(at<0){return;}
audio.currentTime=Math.min(at,1)*seconds;
draw();
};
time.addEventListener('pointerdown',function(event){\
time.setPointerCapture(event.pointerId);seek(event);});
time.addEventListener('pointermove',function(event){if(event.buttons){seek(event);}});
draw();
});
";
