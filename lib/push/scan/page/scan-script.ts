// The one script of the page of a scan: it waits, and shows what has become of the code. Without it
// the page asks for itself again every few seconds.

/** What the page is asked for again after, in seconds, without a script. */
export const RELOAD_S = 5;

/**
 * `poll` and `replaced`: the stream is not for this page, so it asks every 3 seconds. A stream that
 * breaks is opened again by the browser itself, but for one that was refused.
 */
export const SCAN_SCRIPT =
  '(function(){var b=document.body,d=b.dataset,s=d.status,f=document.forms,live={waiting:1,scanned:1,agreed:1};' +
  'function go(){if(s==="agreed"&&f.agreed)f.agreed.submit();if(s==="finished")location.replace(d.page)}' +
  'function show(n){if(n===s||!live[s])return;s=n;document.querySelectorAll("section").forEach(function(x){' +
  'x.hidden=x.dataset.on!==n;if(!x.hidden){document.title=x.dataset.title;' +
  'document.getElementById("news").textContent=x.dataset.title}});' +
  'var i=document.querySelector("section:not([hidden]) input:not([type=hidden])");if(i)i.focus();go()}' +
  'function poll(){fetch(d.ask,{credentials:"same-origin"}).then(function(r){return r.json()})' +
  '.then(function(j){show(j.status)}).catch(function(){}).then(function(){if(live[s])setTimeout(poll,3000)})}' +
  'if(!live[s])return;go();if(!window.EventSource)return poll();var e=new EventSource(d.events);' +
  'function leave(){e.close();poll()}e.onmessage=function(m){show(m.data);if(!live[s])e.close()};' +
  'e.addEventListener("poll",leave);e.addEventListener("replaced",leave);' +
  'e.onerror=function(){if(e.readyState===2)leave()}})();';
