// Keys for everything, and the dialog that tells of them.

const KEYS = [
  ["/", "search"], ["f", "the filter of the view"], ["1 … 6", "overview, stacks, retained, types, why, changes"],
  ["j k ↓ ↑", "next and previous line"], ["h l ← →", "next and previous stack; fold and open a line of the tree"],
  ["Enter", "open"], ["i", "into the pane of the node, and out of it"], ["w", "draw why the node lives"],
  ["n p", "next way, way before"], ["[ ]", "back, forward"], ["c", "fold or open all frames"],
  ["m", "next moment"], ["t", "dark or light"], ["Esc", "close"], ["?", "these keys"],
];

function keysDialog() {
  const dialog = document.getElementById("keys");
  dialog.replaceChildren(
    el("header.panehead", {}, el("h2", {}, "Keys"),
      el("button.icon", { type: "button", "aria-label": "Close", on: { click: () => dialog.close() } }, "✕")),
    el("dl.keys", {}, KEYS.map(([keys, does]) => el("div", {},
      el("dt", {}, keys.split(" ").map((key) => key === "…" ? " … " : el("kbd", {}, key))), el("dd", {}, does)))));
  dialog.addEventListener("click", (event) => { if (event.target === dialog) dialog.close(); });
  return dialog;
}

// What can be gone to by j and k where there is no list.
function stops(container) {
  return [...container.querySelectorAll("a[href], button, summary, .list")].filter((stop) => stop.offsetParent && !stop.closest(".list > *"));
}

function step(by) {
  const pane = document.getElementById("node");
  const container = pane.contains(document.activeElement) ? pane : document.getElementById("main");
  const list = container.querySelector(".list, .columns");
  if (list && container.id === "main" && !list.contains(document.activeElement)) {
    list.focus();
    if (list.classList.contains("columns")) list.querySelector(".column a")?.focus();
    return;
  }
  const all = stops(container);
  const at = all.indexOf(document.activeElement);
  all[Math.max(0, Math.min(all.length - 1, at + by))]?.focus();
}

function inOrOut() {
  const pane = document.getElementById("node");
  if (pane.contains(document.activeElement) || pane.hidden) {
    const main = document.getElementById("main");
    (main.querySelector(".list, .columns") ?? main).focus();
  } else (pane.querySelector("a.link") ?? pane.querySelector("button"))?.focus();
}

function keys() {
  const dialog = keysDialog();
  document.getElementById("help").addEventListener("click", () => dialog.showModal());
  const press = (id) => document.getElementById(id)?.click();
  const actions = {
    "/": () => document.getElementById("search").select(),
    "f": () => document.getElementById("filter")?.select(),
    "?": () => dialog.showModal(),
    "t": () => switchTheme(),
    "m": () => moments.length > 1 && toMoment((current().moment + 1) % moments.length),
    "[": () => history.back(),
    "]": () => history.forward(),
    "c": () => press("fold"),
    "n": () => press("way-next"),
    "p": () => press("way-before"),
    "w": () => current().node !== null && go({ view: "why" }),
    "i": inOrOut,
    "j": () => step(1), "ArrowDown": () => step(1),
    "k": () => step(-1), "ArrowUp": () => step(-1),
    "Escape": () => current().node !== null && current().view !== "why" && go({ node: null, of: null }),
  };
  document.addEventListener("keydown", (event) => {
    if (!plainKey(event) || dialog.open) return;
    if (event.target.matches("input, select, textarea")) {
      if (event.key === "Escape") event.target.blur();
      return;
    }
    const view = shownViews()[Number(event.key) - 1];
    const action = actions[event.key] ?? (view && (() => go({ view: view[0], shape: null, type: null, fn: null, each: false })));
    if (!action) return;
    event.preventDefault();
    action();
  });
}
