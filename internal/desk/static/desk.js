// What makes the pages quicker; every act works without it. It runs nothing that a page says and builds no HTML of its own.
"use strict";
(() => {
  const $ = (sel, of = document) => of.querySelector(sel);
  const $$ = (sel, of = document) => [...of.querySelectorAll(sel)];
  const lang = document.documentElement.lang;
  const numbers = new Intl.NumberFormat({ ckb: "ar-u-nu-arab", kmr: "en", ar: "ar-u-nu-latn" }[lang] || lang, { useGrouping: false });
  const n = (i) => numbers.format(i);
  const say = (text) => { const s = $("#say"); if (s) { s.textContent = ""; s.textContent = text; } };
  const visible = () => document.visibilityState === "visible";
  const secure = location.protocol === "https:" ? "; secure" : "";

  // The editor's own time zone, to show times in both.
  try {
    const zone = Intl.DateTimeFormat().resolvedOptions().timeZone || "";
    if (/^[A-Za-z0-9_+\/-]{1,60}$/.test(zone) && !document.cookie.includes("zone=" + zone)) document.cookie = "zone=" + zone + "; path=/; max-age=31536000; samesite=lax" + secure;
  } catch { /* the site's time alone, then */ }

  /* ---- keys ---- */
  const field = (e) => e.closest && e.closest("input:not([type=checkbox],[type=radio],[type=image]),textarea,select,[contenteditable]");
  const press = (key) => { const b = $$(`[data-key="${key}"]`).find((x) => x.offsetParent !== null || x.classList.contains("sr")); if (b) b.click(); return !!b; };
  const rows = () => $$("#rows .row");
  const step = (by) => {
    const all = rows();
    if (!all.length) return false;
    const at = all.findIndex((r) => r.contains(document.activeElement));
    const to = all[Math.max(0, Math.min(all.length - 1, at < 0 ? 0 : at + by))];
    $("h3 a", to).focus();
    to.scrollIntoView({ block: "nearest" });
    return true;
  };
  const open = (id, focus) => { const more = $("#more"); if (!more) return false; more.open = true; $(id)?.focus(); return focus; };
  let gone = 0; // when g was pressed
  document.addEventListener("keydown", (e) => {
    if (document.body.dataset.keys !== "on" || e.ctrlKey || e.metaKey || e.altKey || e.isComposing) return;
    if (field(e.target)) { if (e.key === "Escape") e.target.blur(); return; }
    // The place of the key where the layout has no Latin letters.
    const key = /^[a-z0-9?\/]$/i.test(e.key) || e.key.length > 1 ? e.key : (e.code === "Slash" ? (e.shiftKey ? "?" : "/") : e.code.replace(/^(Key|Digit)/, "").toLowerCase());
    if (e.timeStamp - gone < 1200 && gone) {
      gone = 0;
      const to = $(`[data-go="${key}"]`);
      if (to) { e.preventDefault(); location.href = to.href; return; }
    }
    const chans = $$(".chan");
    const did = {
      j: () => rows().length ? step(1) : press("j"),
      k: () => rows().length ? step(-1) : press("k"),
      a: () => press("a"), h: () => press("h"), u: () => press("u"), e: () => press("e"),
      r: () => open("#why", true), s: () => open("#at", true),
      x: () => { const chan = document.activeElement.closest?.(".chan"), box = chan && $(`input[form=decide][value="${CSS.escape(chan.id.slice(3))}"]`); if (box) box.click(); return !!box; },
      g: () => { gone = e.timeStamp; return true; },
      "/": () => { const d = $(".narrow"); if (!d) return false; d.open = true; $("#q").focus(); return true; },
      "?": () => { location.href = "/keys"; return true; },
      Escape: () => { const more = $("#more"); if (more?.open) { more.open = false; $("summary", more).focus(); return true; } return press("Escape"); },
    }[key];
    if (did) { if (did()) e.preventDefault(); return; }
    if (/^[1-9]$/.test(key) && chans[key - 1]) { const c = chans[key - 1]; c.open = true; $("summary", c).focus(); c.scrollIntoView({ block: "start" }); e.preventDefault(); }
  });

  /* ---- swipe between stories; it decides nothing ---- */
  const forward = $('a[data-key="j"]'), backward = $('a[data-key="k"]');
  if (forward) {
    let from = null;
    document.addEventListener("touchstart", (e) => {
      const wide = e.target.closest(".formats,.focal,.scroll,.seg,.bar");
      from = e.touches.length === 1 && !wide ? { x: e.touches[0].clientX, y: e.touches[0].clientY } : null;
    }, { passive: true });
    document.addEventListener("touchend", (e) => {
      if (!from) return;
      const dx = e.changedTouches[0].clientX - from.x, dy = e.changedTouches[0].clientY - from.y;
      from = null;
      if (Math.abs(dx) < 90 || Math.abs(dy) > 50) return;
      ((dx < 0) === (document.documentElement.dir !== "rtl") ? forward : backward).click();
    }, { passive: true });
  }

  /* ---- deciding ---- */
  const decide = $("#decide");
  if (decide) {
    const go = $("button.go", decide), shown = performance.now();
    let sure = false;
    decide.addEventListener("submit", (e) => {
      const b = e.submitter;
      if (b && b === go && decide.dataset.sure && !sure && performance.now() - shown < 2000 && e.isTrusted && matchMedia("(pointer:coarse)").matches) {
        sure = true; // opened a moment ago under the finger: once more
        e.preventDefault();
        go.textContent = decide.dataset.sure;
        say(decide.dataset.sure);
        return;
      }
      if (decide.dataset.sent) { e.preventDefault(); return; } // a second tap
      decide.dataset.sent = "1";
      setTimeout(() => { delete decide.dataset.sent; }, 5000);
    });
    const leaves = $("[data-leaves]", decide);
    if (leaves) {
      const end = performance.now() + leaves.dataset.leaves * 1000;
      const timer = setInterval(() => {
        const left = Math.ceil((end - performance.now()) / 1000);
        if (left > 0) { leaves.textContent = leaves.dataset.text.replace("{n}", n(left)); return; }
        clearInterval(timer);
        location.replace(location.pathname);
      }, 250);
    }
    // How many channels are ticked stands on the button.
    const boxes = () => $$('input[name=channel][form=decide]');
    if (go && boxes().length) document.addEventListener("change", (e) => {
      if (!e.target.matches("input[name=channel][form=decide]")) return;
      const ticked = boxes().filter((b) => b.checked).length, saying = go.dataset.saying.split("|");
      go.disabled = ticked === 0;
      if (ticked) go.textContent = saying[ticked - 1];
    });
    // Who else looks, and whether the story is another one by now.
    if (decide.dataset.looking) {
      const look = async () => {
        if (!visible()) return;
        const body = new URLSearchParams(new FormData(decide));
        for (const k of ["channel", "why", "at", "zone"]) body.delete(k);
        const r = await fetch(decide.dataset.looking, { method: "POST", body }).catch(() => null);
        if (!r || !r.ok) return;
        const page = new DOMParser().parseFromString(await r.text(), "text/html");
        $("#others")?.replaceChildren(...page.querySelectorAll(".st"));
        const note = $("#stale-now");
        if (note && page.querySelector("[data-stale]") && !$("[data-leaves]")) note.hidden = false;
      };
      look();
      setInterval(look, 15000);
      document.addEventListener("visibilitychange", look);
    }
  }

  /* ---- the queue keeps itself up to date, and nothing in it moves ---- */
  const list = $("#rows");
  if (list) {
    let etag = "", busy = false, again = false;
    const poll = async () => {
      if (busy) { again = true; return; } // what is on its way may not know yet
      if (!visible()) return;
      busy = true;
      try {
        const r = await fetch(list.dataset.poll, { headers: etag ? { "If-None-Match": etag } : {}, cache: "no-store" });
        if (r.status !== 200) return;
        etag = r.headers.get("ETag") || "";
        const page = new DOMParser().parseFromString(await r.text(), "text/html");
        const have = new Set(rows().map((x) => x.id));
        let fresh = 0;
        for (const now of page.querySelectorAll("#rows .row")) {
          const was = document.getElementById(now.id);
          if (!have.has(now.id)) { fresh++; continue; }
          for (const part of [".sts", ".side"]) {
            const a = $(part, was), b = $(part, now);
            if (a && b && !a.isEqualNode(b) && !a.contains(document.activeElement)) a.replaceWith(b);
          }
          was.classList.toggle("decided", was.dataset.rank < 7 && now.dataset.rank >= 7);
        }
        const note = $("#fresh");
        if (note) {
          note.hidden = fresh === 0;
          const text = (fresh === 1 ? note.dataset.single : note.dataset.many.replace(n(7), n(fresh)));
          if (fresh && $("span", note).textContent !== text) { $("span", note).textContent = text; say(text); }
        }
      } catch { /* the next time */ } finally {
        busy = false;
        if (again) { again = false; poll(); }
      }
    };
    let live = null;
    const connect = () => {
      live = new EventSource("/events");
      live.onmessage = poll;
    };
    connect();
    addEventListener("pagehide", () => live.close());
    setInterval(poll, 15000);
    document.addEventListener("visibilitychange", poll);
  }

  /* ---- editing: the card while one types, the point by a tap, the count ---- */
  const form = $("#edit");
  if (form) {
    let drawn = $("#drawn[data-preview]"), timer, asked = 0, last = "";
    const redraw = () => {
      clearTimeout(timer);
      timer = setTimeout(() => {
        const all = new FormData(form), some = new URLSearchParams();
        for (const k of ["headline", "credit", "alt", "kicker", "layout", "x", "y"]) some.set(k, all.get(k) || "");
        if (some.toString() === last) return;
        last = some.toString();
        const mine = ++asked, next = drawn.cloneNode();
        next.onload = () => { if (mine === asked) { drawn.replaceWith(next); drawn = next; } };
        next.src = drawn.dataset.preview + "?" + some;
      }, 60);
    };
    if (drawn) { form.addEventListener("input", redraw); form.addEventListener("change", redraw); }
    const tap = $(".focal input[type=image]"), spot = $(".focal .spot"), x = $("#fx"), y = $("#fy");
    if (tap) {
      const latin = (s) => Number(s.replace(/[٠-٩۰-۹]/g, (d) => (d.charCodeAt(0) & 15)).replace(/[٫,]/, "."));
      const place = () => {
        const known = x.value !== "" && y.value !== "";
        spot.classList.toggle("on", known);
        if (known) { spot.style.left = latin(x.value) + "%"; spot.style.top = latin(y.value) + "%"; }
      };
      const set = (px, py) => {
        x.value = Math.round(Math.min(100, Math.max(0, px)) * 10) / 10;
        y.value = Math.round(Math.min(100, Math.max(0, py)) * 10) / 10;
        place();
        if (drawn) redraw();
      };
      tap.closest(".focal").classList.add("quick");
      tap.addEventListener("click", (e) => {
        if (e.detail === 0) return; // Enter in some field: the form is sent
        e.preventDefault();
        const r = tap.getBoundingClientRect();
        set((e.clientX - r.left) / r.width * 100, (e.clientY - r.top) / r.height * 100);
      });
      tap.addEventListener("keydown", (e) => {
        const by = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[e.key];
        if (by) { e.preventDefault(); set((latin(x.value) || 50) + by[0], (latin(y.value) || 50) + by[1]); }
        else if (e.key === "Enter" || e.key === " ") e.preventDefault();
      });
      x.addEventListener("input", place); y.addEventListener("input", place);
      place();
    }
    // Offline in mid-save: what was typed stays on the page and is sent again by the same button.
    let changed = false;
    form.addEventListener("input", () => { changed = true; });
    form.addEventListener("submit", async (e) => {
      if (navigator.onLine !== false) { changed = false; return; }
      e.preventDefault();
      const b = $(".bar .why strong");
      if (b) b.textContent = document.body.dataset.offline;
      say(document.body.dataset.offline);
    });
    addEventListener("beforeunload", (e) => { if (changed) e.preventDefault(); });
  }
  /* ---- a link to pass on ---- */
  for (const b of $$("[data-copies]")) {
    if (!navigator.clipboard) continue; // it can be marked and copied by hand
    b.hidden = false;
    b.addEventListener("click", () => {
      const from = document.getElementById(b.dataset.copies);
      navigator.clipboard.writeText(from.value).then(() => say(b.textContent + " ✓"), () => from.select());
    });
  }
  $("[autofocus]")?.focus();
})();
