// The one script of the page of a scan: it waits, and shows what has become of the code. Without it
// the page asks for itself again every few seconds.

/** What the page is asked for again after, in seconds, without a script. */
export const RELOAD_S = 5;

/**
 * `poll` and `replaced`: the stream is not for this page, so it asks every 3 seconds. So it does
 * where the first word of the stream, which is sent at once, is not here after 5: something on the
 * way holds it back. A stream that breaks is opened again by the browser itself, but for one that
 * was refused. A word of the store may be lost on its way, so whoever comes back to a page that
 * waits has it asked once.
 */
export const SCAN_SCRIPT =
  '(function(){var b=document.body,d=b.dataset,s=d.status,f=document.forms,live={waiting:1,scanned:1,agreed:1},e,asked=0;' +
  'function stop(){if(e)e.close();s="left"}' +
  'function go(){if(s==="agreed"&&f.agreed){stop();f.agreed.submit()}if(s==="finished"){stop();location.replace(d.page)}}' +
  'function show(n){if(n===s||!live[s])return;s=n;document.querySelectorAll("section").forEach(function(x){' +
  'x.hidden=x.dataset.on!==n;if(!x.hidden){document.title=x.dataset.title;' +
  'document.getElementById("news").textContent=x.dataset.title}});' +
  'var i=document.querySelector("section:not([hidden]) input:not([type=hidden])");if(i)i.focus();if(!live[s]&&e)e.close();go()}' +
  'function ask(){return fetch(d.ask,{credentials:"same-origin"}).then(function(r){return r.json()})' +
  '.then(function(j){show(j.status)}).catch(function(){})}' +
  'function poll(){ask().then(function(){if(live[s])setTimeout(poll,3000)})}' +
  'function leave(){if(!e)return;e.close();e=null;if(live[s])poll()}' +
  // What is sent ends here: the answer says what has become of it.
  'document.addEventListener("submit",stop);' +
  'function back(){if(s==="waiting"&&!document.hidden&&Date.now()-asked>3000){asked=Date.now();ask()}}' +
  'document.addEventListener("visibilitychange",back);window.addEventListener("focus",back);' +
  // Kept by the browser and shown again: nothing of it holds any more.
  'window.addEventListener("pageshow",function(v){if(v.persisted)location.replace(d.page)});' +
  'if(!live[s])return;go();if(!live[s])return;if(!window.EventSource)return poll();e=new EventSource(d.events);' +
  'var t=setTimeout(leave,5000);e.onmessage=function(m){clearTimeout(t);show(m.data)};e.addEventListener("poll",leave);e.addEventListener("replaced",leave);' +
  'e.onerror=function(){if(e&&e.readyState===2)leave()}})();';
