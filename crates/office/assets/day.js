// Keeps the day up to date: puts in the parts that the service sends. A part
// that has not changed, or in which someone is, stays as it is.
const day = document.getElementById("day");
const state = document.getElementById("live");

function put(html) {
  const fresh = new DOMParser().parseFromString(html, "text/html");
  for (const part of fresh.querySelectorAll("[data-part]")) {
    const old = day.querySelector(`[data-part="${part.dataset.part}"]`);
    if (!old) {
      day.append(document.adoptNode(part));
    } else if (!isSame(old, part) && !old.contains(document.activeElement)) {
      const left = old.querySelector(".table")?.scrollLeft ?? 0;
      for (const open of old.querySelectorAll("details[open]")) {
        part.querySelector(`#${open.id}`)?.setAttribute("open", "");
      }
      old.replaceWith(part);
      const table = part.querySelector(".table");
      if (table) table.scrollLeft = left;
    }
  }
}

// Whether the parts are the same, whichever of their details are open.
function isSame(old, part) {
  const closed = old.cloneNode(true);
  for (const open of closed.querySelectorAll("details")) open.removeAttribute("open");
  return closed.outerHTML === part.outerHTML;
}

function say(live) {
  state.hidden = false;
  state.className = live ? "badge good" : "badge";
  state.textContent = live ? state.dataset.live : state.dataset.lost;
}

if (day && state) {
  const source = new EventSource(day.dataset.source);
  source.addEventListener("open", () => say(true));
  source.addEventListener("error", () => say(false));
  source.addEventListener("day", (event) => put(event.data));
}
