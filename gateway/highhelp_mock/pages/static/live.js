"use strict";
// Keep a page up to date without disturbing its user. Everything also works without this, by reloading.
(() => {
  const every = 2000;
  const seen = new Map();

  // the parts that are replaced as a whole; open parts stay open, and the focus is kept
  function renew(fresh) {
    for (const part of document.querySelectorAll("[data-live]")) {
      const next = fresh.getElementById(part.id);
      if (!next || next.innerHTML === seen.get(part.id)) continue;
      const text = next.innerHTML;
      const open = [...part.querySelectorAll("details[open]")].map((one) => one.id);
      const focused = part.contains(document.activeElement) ? document.activeElement.id : "";
      for (const id of open) next.querySelector("#" + CSS.escape(id))?.setAttribute("open", "");
      part.replaceChildren(...document.adoptNode(next).childNodes);
      seen.set(part.id, text);
      if (focused) document.getElementById(focused)?.focus({ preventScroll: true });
    }
  }

  async function look() {
    if (document.hidden) return;
    try {
      const answer = await fetch(location.pathname, { cache: "no-store", redirect: "follow" });
      const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
      const here = document.querySelector("main"), there = fresh.querySelector("main");
      if (!answer.ok || !there) return;
      if (here.dataset.state !== there.dataset.state) location.replace(answer.url);
      else renew(fresh);
    } catch {
      // the gateway may be away for a moment; the next poll will show
    }
  }

  async function watch() {
    for (;;) {
      await new Promise((done) => setTimeout(done, every));
      await look();
    }
  }

  for (const part of document.querySelectorAll("[data-live]")) seen.set(part.id, part.innerHTML);
  document.documentElement.dataset.script = "on";
  const goal = document.querySelector("main").dataset.goesTo;
  if (goal) setTimeout(() => location.replace(goal), 3000);
  else watch();
})();
