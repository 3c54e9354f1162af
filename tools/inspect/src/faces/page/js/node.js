// The pane of one node: what it is, why it lives, what it holds, and what would die with it.

const PAGE = 50;

// Shows a node, or that it is not in the page.
function nodePane(moment, id) {
  const node = moment.find(id);
  const close = el("button.icon", {
    type: "button", "aria-label": "Close", title: "Close (Esc)", on: { click: () => go({ node: null }) },
  }, "✕");
  if (node < 0) {
    return [el("header.panehead", {}, el("h2", {}, `Node ${id}`), close),
      el("p.note", {}, "It is not in this page, which has a part of the snapshot. A page with more nodes may have it.")];
  }
  const kind = moment.kinds[node];
  return [
    el("header.panehead", {},
      el("div", {}, badge(KINDS[kind], kind), el("h2.mono", {}, shortTitle(moment, node))), close),
    facts(moment, node), whySection(moment, node), holdsSection(moment, node),
    referrersSection(moment, node), retainsSection(moment, node),
  ].flat();
}

function facts(moment, node) {
  const row = moment.rows[node];
  const reachable = moment.statistics.reachable || 1;
  const list = [];
  const add = (name, value, hint) => list.push(fact(name, value, hint));
  const kind = moment.kinds[node];
  if (kind === "c") {
    const { state, parked, age, stack_bytes, number, serial, origin } = moment.continuations;
    add("State", STATES[state[row]] + (parked[row] === "p" ? ", parked" : ""));
    add("Age", many(age[row], "full collection"), "Full collections that found it alive");
    add("Stack", sized(stack_bytes[row]), "Bytes it uses of its stack, or of parked frames");
    add("Number", `${number[row]} (serial ${serial[row]})`);
    const made = moment.names.origins[origin[row]];
    if (made) add("Made", made.text ? `in ${made.text}` : "by the host");
    if (made?.ty) add("Type", made.ty);
    if (moment.clones.has(row)) add("Clone of", `continuation ${moment.clones.get(row)}`);
    const shape = moment.continuations.shape[row];
    if (moment.shapes[shape]) {
      add("Alike", el("a.link", { href: hashOf({ moment: moment.index, view: "stacks", shape, each: true }) },
        many(moment.shapes[shape].count, "continuation")));
    }
  } else if (kind === "f") {
    const of = moment.continuationOf(node);
    if (of >= 0) add("Of", nodeLink(moment, of));
    const site = moment.names.sites[moment.frames.site[row]];
    if (site?.inlined?.length) add("Inlined into", site.inlined.join(" ← "));
  } else if (kind === "o") {
    add("Space", SPACES[moment.objects.space[row]]);
    if (moment.lens.has(row)) add("Elements", counted(moment.lens.get(row)));
  } else if (moment.fixed[row] && (kind === "t" || kind === "s")) {
    add("Elements", counted(moment.fixed[row].len));
  }
  add("Own", sized(moment.bytes[node]), "Bytes of its own");
  add("Retains", [sized(moment.retained[node]), el("small", {}, ` ${percent(moment.retained[node] / reachable)}`),
    bar(moment.retained[node] / reachable, kind)], "Bytes that would be free without it");
  add("References", counted(moment.referrers[node]), "References to it");
  for (const other of moments) {
    const at = other === moment ? -1 : moment.sameIn(other, node);
    if (at >= 0) add(`At ${momentName(other)}`, nodeLink(other, at));
  }
  if (moment.depths[node] >= 0) add("From the roots", many(moment.depths[node], "reference"));
  return el("dl.facts", {}, list);
}

function section(name, ...content) {
  return el("section.part", {}, heading(3, name), content);
}

function whySection(moment, node) {
  if (node === 0) return [];
  if (moment.depths[node] < 0) {
    const why = moment.kinds[node] === "w" ? "A weak handle keeps nothing, and nothing keeps it."
      : "The roots do not reach it: it is forgotten, and the store has not ended it yet.";
    return section("Why it lives", el("p.note", {}, why));
  }
  const found = ways(moment, node, 8);
  const place = el("div.waybox");
  const which = el("span.which", { "aria-live": "polite" });
  let shown = 0;
  const show = (to) => {
    shown = (to + found.ways.length) % found.ways.length;
    const way = found.ways[shown];
    which.textContent = found.ways.length > 1 || found.more
      ? `way ${shown + 1} of ${found.ways.length}${found.more ? " or more" : ""}` : "the only way";
    place.replaceChildren(drawWay(moment, way));
  };
  show(0);
  const controls = el("div.controls", {}, which);
  if (found.ways.length > 1) {
    controls.append(
      button("‹", () => show(shown - 1), { "aria-label": "Way before", title: "Way before (p)", id: "way-before" }),
      button("›", () => show(shown + 1), { "aria-label": "Next way", title: "Next way (n)", id: "way-next" }));
  }
  controls.append(el("a.button", {
    href: hashOf({ moment: moment.index, node: moment.ids[node], view: "why" }), title: "All ways in one drawing (w)",
  }, "Draw all"));
  return section("Why it lives", controls, place);
}

// One line of what a node holds.
function holding(name, value) {
  return el("tr", {}, el("th.mono", { scope: "row" }, name), el("td", {}, value));
}

function plainValue(value) {
  return el("span.plain.mono", {}, valueText(value));
}

// The lines of an object's places from one on: all of them have a line, in the page or not.
function partLines(moment, node, from, to) {
  const lines = [];
  for (let place = from; place < to; place++) {
    const part = moment.part(node, place);
    const value = !part ? el("span.missing", {}, "not in this page")
      : part.edge !== undefined ? targetLink(moment, part.edge) : plainValue(part.value);
    lines.push(holding(placeName(moment, node, place), value));
  }
  return lines;
}

// The lines of anything else: references and other values, in the order of places.
function placeLines(moment, node, from, to) {
  const entries = [];
  for (let edge = moment.first[node]; edge < moment.first[node + 1]; edge++) {
    entries.push([moment.places[edge], () => targetLink(moment, edge)]);
  }
  for (const [place, value] of moment.plain.get(node) ?? []) entries.push([place, () => plainValue(value)]);
  entries.sort((a, b) => a[0] - b[0]);
  return entries.slice(from, to).map(([place, value]) => holding(placeName(moment, node, place), value()));
}

function holdsSection(moment, node) {
  const object = moment.kinds[node] === "o";
  const plain = moment.plain.get(node)?.size ?? 0;
  const count = object ? moment.placeCount(node) : moment.first[node + 1] - moment.first[node] + plain;
  if (count === 0) return section("Holds", el("p.note", {}, "Nothing."));
  const body = el("tbody");
  const from = el("span.which");
  let at = 0;
  const show = (to) => {
    at = Math.max(0, Math.min(to, count - 1));
    at -= at % PAGE;
    const end = Math.min(count, at + PAGE);
    body.replaceChildren(...(object ? partLines : placeLines)(moment, node, at, end));
    from.textContent = `${counted(at)} to ${counted(end - 1)} of ${counted(count)}`;
  };
  show(0);
  const parts = [];
  const text = object ? arrayText(moment, node) : null;
  if (text) parts.push(el("p.text.mono", {}, text));
  if (count > PAGE) {
    parts.push(el("div.controls", {}, from,
      button("‹", () => show(at - PAGE), { "aria-label": "Page before" }),
      button("›", () => show(at + PAGE), { "aria-label": "Next page" }),
      entry("Go to", "", (value) => /^\d+$/.test(value) && show(Number(value)), { inputmode: "numeric", size: 6 })));
  }
  parts.push(el("table.holds", {}, body));
  const omitted = moment.omitted.get(node);
  if (omitted) parts.push(el("p.note", {}, `${many(omitted, "reference")} more to nodes that are not in this page.`));
  return section("Holds", ...parts);
}

// The bytes of an array as text, if they are.
function arrayText(moment, node) {
  const type = moment.names.types[moment.objects.ty[moment.rows[node]]];
  if (type?.kind !== "array") return null;
  const bytes = [];
  for (let place = 0; place < Math.min(200, moment.shownPlaces(node)); place++) {
    const part = moment.part(node, place);
    if (typeof part?.value !== "number") return null;
    bytes.push(part.value);
  }
  if (bytes.some((byte) => byte < -128 || byte > 255)) return null;
  const text = asText(bytes);
  return text && (bytes.length < moment.placeCount(node) ? `“${text}…` : `“${text}”`);
}

function referrersSection(moment, node) {
  if (node === 0) return [];
  const { first, from, edges } = moment.back;
  const [start, end] = [first[node], first[node + 1]];
  const body = el("tbody");
  let shown = 0;
  const more = button("", () => show(), {});
  const show = () => {
    const to = Math.min(end - start, shown + PAGE);
    for (let i = start + shown; i < start + to; i++) {
      body.append(el("tr", {}, el("td", {}, nodeLink(moment, from[i])),
        el("td.mono.muted", {}, placeName(moment, from[i], moment.places[edges[i]]))));
    }
    shown = to;
    more.hidden = shown >= end - start;
    more.textContent = `${counted(end - start - shown)} more`;
  };
  show();
  const missing = moment.referrers[node] - (end - start);
  return section("Referred to by", end > start ? el("table.holds", {}, body) : null, more,
    missing > 0 ? el("p.note", {}, `${many(missing, "reference")} from nodes that are not in this page.`) : null,
    moment.referrers[node] === 0 ? el("p.note", {}, "Nothing.") : null);
}

function retainsSection(moment, node) {
  const children = moment.children(node);
  if (children.length === 0) return [];
  const whole = moment.retained[node] || 1;
  return section("Retains most", el("table.holds", {}, el("tbody", {}, [...children.subarray(0, 8)].map((child) =>
    el("tr", {}, el("td", {}, nodeLink(moment, child)), el("td.number", {}, sized(moment.retained[child])),
      el("td.barcell", {}, bar(moment.retained[child] / whole, moment.kinds[child])))))),
  el("a.button", { href: hashOf({ moment: moment.index, view: "retained", node: moment.ids[node] }) }, "In the tree"));
}
