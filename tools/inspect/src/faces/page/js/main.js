// Where one is: a route, which is the page's hash, so that it can be shared and gone back to.
//
//   #n123            node 123 of the snapshot          #m0.stacks.each   continuations of the first
//   #n123.why        why it lives                      #types.t5         objects of a type
//   #stacks.s2.each  continuations of a shape          #stacks.f7        stacks with a function

const VIEWS = [
  ["overview", "Overview", overviewView], ["stacks", "Stacks", stacksView], ["retained", "Retained", retainedView],
  ["types", "Types", typesView], ["why", "Why", whyView], ["changes", "Changes", changesView],
];

const START = {
  moment: moments.length - 1, view: "overview", node: null, of: null, shape: null, type: null, fn: null, each: false,
};
const NUMBERS = { m: "moment", n: "node", o: "of", s: "shape", t: "type", f: "fn" };
let route = START;

function current() {
  return route;
}

function shownViews() {
  return VIEWS.filter(([name]) => name !== "changes" || allChanges.length > 0);
}

function hashOf(to) {
  const at = { ...START, ...to };
  const parts = [];
  if (at.moment !== START.moment) parts.push(`m${at.moment}`);
  if (at.node !== null) parts.push(`n${at.node}`);
  if (at.of !== null && at.of !== at.moment) parts.push(`o${at.of}`);
  if (at.view !== START.view || parts.length === 0) parts.push(at.view);
  for (const [letter, name] of [["s", "shape"], ["t", "type"], ["f", "fn"]]) {
    if (at[name] !== null) parts.push(letter + at[name]);
  }
  if (at.each) parts.push("each");
  return `#${parts.join(".")}`;
}

function routeOf(hash) {
  const to = { ...START };
  for (const part of hash.replace(/^#/, "").split(".")) {
    const number = /^([mnostf])(\d{1,10})$/.exec(part);
    if (number) to[NUMBERS[number[1]]] = Number(number[2]);
    else if (part === "each") to.each = true;
    else if (shownViews().some(([name]) => name === part)) to.view = part;
  }
  if (!moments[to.moment]) to.moment = START.moment;
  if (to.of !== null && !moments[to.of]) to.of = null;
  return to;
}

// Goes on from where one is.
function go(to) {
  const hash = hashOf({ ...route, ...to });
  if (hash !== location.hash) location.hash = hash;
}

// The moment that the node of the route is of.
function nodeMoment() {
  return moments[route.of ?? route.moment];
}

function isOpen(moment, node) {
  return route.node === moment.ids[node] && nodeMoment() === moment;
}

// To another moment, with the same node, if it lives there.
function toMoment(index) {
  const [old, moment] = [nodeMoment(), moments[index]];
  let node = null;
  const at = route.node === null ? -1 : old.find(route.node);
  const same = at < 0 ? -1 : old.sameIn(moment, at);
  if (same >= 0) node = moment.ids[same];
  go({ moment: index, node, of: null, shape: null, type: null, fn: null });
}

function whyView(moment, to) {
  const node = to.node === null ? -1 : nodeMoment().find(to.node);
  if (node < 0) {
    return el("div.page", {}, el("h2.heading", {}, "Why it lives"),
      el("p.note", {}, "Open a node first: in the stacks, in the tree, or by search."));
  }
  const of = nodeMoment();
  const head = el("h2.heading", {}, "Why ", nodeLink(of, node), " lives");
  if (of.depths[node] <= 0) {
    const why = node === 0 ? "The roots live by themselves." : "The roots do not reach it: nothing keeps it.";
    return el("div.page", {}, head, el("p.note", {}, why));
  }
  const found = ways(of, node, 12);
  const whole = found.ways.every((way) => way.missing === 0 && way.nodes.length <= 40);
  const drawing = whole ? drawWays(of, found.ways) : drawWay(of, found.ways[0], 60);
  const scroll = el("div.scroll.drawing", { tabindex: "0", "aria-label": "Drawing of the ways" }, drawing);
  // The node itself is at the end.
  requestAnimationFrame(() => { scroll.scrollLeft = scroll.scrollWidth; });
  return el("div.page.whypage", {}, head,
    el("p.note", {}, `${many(found.ways.length, "way")}${found.more ? ", and there may be more" : ""}; the shortest is ${many(of.depths[node], "reference")} long. All ways pass the nodes with ◆.`),
    scroll,
    el("ol.waylist", {}, found.ways.map((way) => el("li", {}, wayLine(of, way, 14)))));
}

function draw(old) {
  const main = document.getElementById("main");
  const pane = document.getElementById("node");
  const moment = moments[route.moment];
  const { node, of, ...place } = route;
  const { node: oldNode, of: oldOf, ...oldPlace } = old ?? {};
  const nodeChanged = !old || node !== oldNode || of !== oldOf || route.moment !== old.moment;
  const inList = main.contains(document.activeElement);
  const elsewhere = !old || JSON.stringify(place) !== JSON.stringify(oldPlace);
  if (elsewhere || route.view === "why" && nodeChanged) {
    const [, , view] = VIEWS.find(([name]) => name === route.view);
    main.replaceChildren(view(moment, route));
    if (elsewhere) main.scrollTop = 0;
    if (old && inList) (main.querySelector(".list, .columns") ?? main).focus({ preventScroll: true });
    for (const list of main.querySelectorAll(".list, .columns")) list.dispatchEvent(new Event("scroll"));
  }
  pane.hidden = route.node === null;
  document.getElementById("panes").classList.toggle("split", !pane.hidden);
  if (nodeChanged) {
    pane.replaceChildren(...(route.node === null ? [] : nodePane(nodeMoment(), route.node)));
    pane.scrollTop = 0;
    const at = route.node === null ? -1 : nodeMoment().find(route.node);
    if (old && at >= 0) say(title(nodeMoment(), at));
  }
  const mark = `${route.of ?? route.moment}.${route.node}`;
  for (const link of document.querySelectorAll("[data-node]")) {
    if (link.dataset.node === mark) link.setAttribute("aria-current", "true");
    else link.removeAttribute("aria-current");
  }
  drawBars();
}

function drawBars() {
  document.getElementById("views").replaceChildren(...shownViews().map(([name, text], i) => el("a.view", {
    href: hashOf({ ...route, view: name, shape: null, type: null, fn: null, each: false }),
    "aria-current": name === route.view ? "page" : null, title: `${text} (${i + 1})`,
  }, text)));
  const { about } = moments[route.moment];
  document.getElementById("brand").replaceChildren(
    el("span.name", {}, "Mangrove"), el("span.program.mono", {}, about.program || "a program"));
  document.getElementById("moments").replaceChildren(...(moments.length < 2 ? [el("span.moment.mono", {}, about.moment)]
    : moments.map((moment) => el("button.segment", {
      type: "button", "aria-pressed": String(moment.index === route.moment), title: "Moment (m)",
      on: { click: () => toMoment(moment.index) },
    }, momentName(moment)))));
}

function switchTheme() {
  const root = document.documentElement;
  const dark = root.dataset.theme ? root.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
  root.dataset.theme = dark ? "light" : "dark";
  try {
    localStorage.setItem("mangrove-theme", root.dataset.theme);
  } catch {
    // Files may not keep anything: the choice holds while the page is open.
  }
}

function start() {
  try {
    const theme = localStorage.getItem("mangrove-theme");
    if (theme === "dark" || theme === "light") document.documentElement.dataset.theme = theme;
  } catch {
    // As above.
  }
  for (const moment of moments) {
    for (const name of ["program", "moment", "version"]) moment.about[name] = printable(moment.about[name]);
  }
  route = routeOf(location.hash);
  document.getElementById("theme").addEventListener("click", switchTheme);
  document.getElementById("theme").append(el("span.themeicon", { "aria-hidden": "true" }));
  // A link to a node leaves the view as it is; opened elsewhere, it is the node alone.
  document.addEventListener("click", (event) => {
    const link = event.target.closest?.("a[data-node]");
    if (!link || event.button !== 0 || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    const [moment, node] = link.dataset.node.split(".").map(Number);
    go({ node, of: moment === route.moment ? null : moment });
  });
  addEventListener("hashchange", () => {
    const old = route;
    route = routeOf(location.hash);
    draw(old);
  });
  searchField();
  keys();
  draw(null);
}

start();
