// Browser notifications: while no page of the desk is in sight, the queue is asked now and then, and a story that waits and
// was not told of yet is told of. There is no push service: it works as long as some page of the desk is open.
"use strict";
(() => {
  const box = document.getElementById("notify");
  if (!("Notification" in window) || !document.body.dataset.waits) return;
  const on = () => Notification.permission === "granted" && localStorage.getItem("notify") === "on";

  /* ---- the switch, on the page with the settings ---- */
  if (box) {
    const [start, stop] = box.querySelectorAll("button"), denied = box.querySelector("[data-denied]");
    const show = () => { box.hidden = false; start.hidden = on(); stop.hidden = !on(); denied.hidden = Notification.permission !== "denied"; };
    start.addEventListener("click", async () => {
      if (await Notification.requestPermission() === "granted") { localStorage.setItem("notify", "on"); localStorage.removeItem("told"); await look(true); }
      show();
    });
    stop.addEventListener("click", () => { localStorage.setItem("notify", "off"); show(); });
    show();
  }

  /* ---- what waits, and what was told ---- */
  let etag = "";
  const waiting = (page) => [...page.querySelectorAll("#rows .row")].filter((r) => Number(r.dataset.rank) < 5).map((r) => {
    const h = r.querySelector("h3");
    return { id: r.id, text: h.textContent.trim(), lang: h.lang, href: h.querySelector("a").getAttribute("href") };
  });
  const told = () => { try { return new Set(JSON.parse(localStorage.getItem("told") || "[]")); } catch { return new Set(); } };
  const keep = (now, before) => localStorage.setItem("told", JSON.stringify([...new Set([...now.map((s) => s.id), ...before])].slice(0, 500)));
  const tell = (title, body, tag, href, lang) => {
    try {
      const n = new Notification(title, { body, tag, lang, dir: "auto" });
      n.onclick = () => { window.focus(); location.assign(href); n.close(); };
    } catch { /* a phone's browser, which wants a service worker for it */ }
  };
  const look = async (quietly) => {
    const r = await fetch("/", { headers: etag ? { "If-None-Match": etag } : {}, cache: "no-store" }).catch(() => null);
    if (!r || r.status !== 200 || r.redirected) return;
    etag = r.headers.get("ETag") || "";
    const now = waiting(new DOMParser().parseFromString(await r.text(), "text/html")), before = told();
    const fresh = now.filter((s) => !before.has(s.id));
    keep(now, before);
    if (quietly || !fresh.length) return;
    const waits = document.body.dataset.waits;
    if (fresh.length > 3) tell(`${waits} · ${fresh.length}`, fresh.slice(0, 3).map((s) => s.text).join("\n"), "many", "/", document.documentElement.lang); // one for a flood
    else for (const s of fresh) tell(waits, s.text, s.id, s.href, s.lang);
  };
  const turn = () => {
    if (!on()) return;
    if (document.visibilityState === "visible") { // it is in sight: nothing needs to be told
      const here = waiting(document);
      if (here.length) keep(here, told());
      return;
    }
    // Of several open pages one asks.
    if (navigator.locks) navigator.locks.request("notify", { ifAvailable: true }, (mine) => mine ? look(false) : undefined).catch(() => {});
    else look(false);
  };
  turn();
  setInterval(turn, 30000);
})();
