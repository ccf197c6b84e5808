// Live only: draws the cards anew when the theme's file has changed, and tells each card's reasons when it is pointed at.
const version = document.documentElement.dataset.version;
if (version) {
  const path = location.pathname + "version";
  setInterval(async () => {
    try {
      const now = await (await fetch(path)).text();
      if (now !== version) location.reload();
    } catch { /* the server is being started again */ }
  }, 1000);
  document.addEventListener("pointerover", async (event) => {
    const figure = event.target.closest("figure"), note = figure?.querySelector(".note");
    if (!note || note.textContent) return;
    const answer = await fetch(figure.querySelector("img").src);
    note.textContent = answer.headers.get("X-Card") || (await answer.text());
  });
}
