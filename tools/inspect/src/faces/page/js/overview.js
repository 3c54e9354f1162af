// The first screen: what leaks, most likely, and what there is in numbers.

const SUSPECT_KINDS = {
  waiting: "waits", accumulates: "accumulates", grows: "grows", frame: "frame", cycle: "cycle", forgotten: "forgotten",
};

function overviewView(moment) {
  return el("div.page", {}, suspectsPart(moment), totalsPart(moment),
    el("div.two", {}, typesPart(moment), shapesPart(moment)), leftOutPart(moment), aboutPart(moment));
}

function suspectsPart(moment) {
  const cards = moment.suspects.map((suspect, i) => suspectCard(moment, suspect, i));
  const shown = 5;
  const list = el("div.cards", {}, cards.slice(0, shown));
  const rest = cards.slice(shown);
  const more = rest.length > 0 && button(many(rest.length, "more suspect"), () => {
    list.append(...rest);
    more.remove();
  });
  return el("section", { "aria-labelledby": "suspects" },
    el("h2.heading", { id: "suspects" }, "Suspects", el("small", {}, "what leaks, most likely")),
    cards.length ? list : el("p.note.calm", {}, "Nothing stands out: no continuation waits while others of its kind end, and no node holds much alone."),
    more || null);
}

function suspectCard(moment, suspect, i) {
  const sample = suspect.sample;
  const line = sample !== null && moment.depths[sample] >= 0 ? wayLine(moment, ways(moment, sample, 1).ways[0]) : null;
  const holders = suspect.holders.slice(0, 3).map(([node, count]) =>
    el("span.holder", {}, "held by ", nodeLink(moment, node), ` (${counted(count)})`));
  return el("article.card.suspect", { "data-kind": suspect.kind },
    el("div.rank", { "aria-hidden": "true" }, i + 1),
    el("div.body", {},
      el("p.sentence", {}, suspect.sentence),
      el("p.meta", {}, badge(SUSPECT_KINDS[suspect.kind] ?? suspect.kind, suspect.kind),
        el("span.share", {}, sized(suspect.retained), el("small", {}, ` ${percent(suspect.share)} of all`), bar(suspect.share, "c")),
        suspect.grown ? el("span.grown", {}, `${suspect.grown > 0 ? "+" : ""}${counted(suspect.grown)} since the moment before`) : null,
        holders),
      line ? el("div.cause", {}, line) : null),
    sample !== null ? el("div.actions", {},
      el("a.button", { href: hashOf({ moment: moment.index, node: moment.ids[sample] }) }, "Look at it"),
      el("a.button", { href: hashOf({ moment: moment.index, node: moment.ids[sample], view: "why" }) }, "Why it lives")) : null);
}

function tile(name, value, note, href) {
  return el(href ? "a.tile" : "div.tile", { href }, el("span.name", {}, name), el("span.value", {}, value),
    el("span.note", {}, note));
}

function totalsPart(moment) {
  const { kinds, heap_live, heap_dead, heap_free, reachable, nodes, edges } = moment.statistics;
  const kind = (name) => kinds.find(([of]) => of === name) ?? [name, 0, 0, 0, 0];
  const [, continuations] = kind("continuation");
  const parked = moment.shapes.reduce((sum, shape) => sum + shape.parked, 0);
  const { about } = moment;
  return el("section", { "aria-label": "Totals" }, el("div.tiles", {},
    tile("Continuations", counted(continuations), `${counted(parked)} parked · ${many(moment.shapes.length, "shape")}`, hashOf({ moment: moment.index, view: "stacks" })),
    tile("Frames", counted(kind("frame")[1]), sized(kind("frame")[2])),
    tile("Objects", counted(kind("object")[1]), sized(kind("object")[2]), hashOf({ moment: moment.index, view: "types" })),
    tile("Alive", sized(reachable), `${counted(nodes)} nodes · ${counted(edges)} references`, hashOf({ moment: moment.index, view: "retained" })),
    tile("Heap", sized(heap_live), `${sized(heap_dead)} dead · ${sized(heap_free)} free`),
    tile("Collections", counted(about.full_collections), `full · ${counted(about.minor_collections)} minor`)));
}

function typesPart(moment) {
  const { types, more_types } = moment.statistics;
  const whole = types.reduce((sum, [, , bytes]) => sum + bytes, 0) || 1;
  const rows = types.slice(0, 8).map(([ty, objects, bytes]) => el("tr", {},
    el("td", {}, el("a.link.mono", { href: hashOf({ moment: moment.index, view: "types", type: ty }), "data-kind": "o" }, typeName(moment, ty))),
    el("td.number", {}, counted(objects)), el("td.number", {}, sized(bytes)), el("td.barcell", {}, bar(bytes / whole, "o"))));
  const rest = types.length - rows.length + more_types[0];
  return el("section", { "aria-label": "Heap by type" }, heading(2, "Heap by type"),
    el("table.holds", {}, el("tbody", {}, rows)),
    rest > 0 ? el("a.button", { href: hashOf({ moment: moment.index, view: "types" }) }, many(rest, "more type")) : null);
}

function shapesPart(moment) {
  const most = Math.max(1, ...moment.shapes.map((shape) => shape.count));
  const rows = moment.shapes.slice(0, 8).map((shape, i) => el("tr", {},
    el("td", {}, el("a.link.mono", { href: hashOf({ moment: moment.index, view: "stacks", shape: i, each: true }), "data-kind": "c" },
      originName(moment, shape.origin) || "a continuation"), el("span.muted", {}, ` ${shape.state}`)),
    el("td.number", {}, counted(shape.count)),
    el("td.number", {}, shape.retained ? sized(shape.retained[0]) : ""),
    el("td.barcell", {}, bar(shape.count / most, "c"))));
  return el("section", { "aria-label": "Continuations by shape" }, heading(2, "Continuations by shape"),
    el("table.holds", {}, el("tbody", {}, rows)),
    el("a.button", { href: hashOf({ moment: moment.index, view: "stacks" }) }, "All stacks"));
}

// What of the snapshot is not in the page.
function leftOut(moment) {
  const all = new Map(moment.statistics.kinds.map(([name, nodes]) => [name, nodes]));
  const here = new Map();
  for (const kind of moment.kinds) here.set(KINDS[kind], (here.get(KINDS[kind]) ?? 0) + 1);
  const missing = [];
  for (const [name, nodes] of all) {
    const less = nodes - (here.get(name) ?? 0);
    if (less > 0 && name !== "roots") missing.push(many(less, name));
  }
  if (moment.moreShapes[0] > 0) missing.push(many(moment.moreShapes[0], "shape"));
  if (moment.moreSuspects > 0) missing.push(many(moment.moreSuspects, "suspect"));
  return missing;
}

function leftOutPart(moment) {
  const missing = leftOut(moment);
  if (missing.length === 0) return el("p.note", {}, "Everything of this moment is in the page.");
  return el("p.note.leftout", {}, `Left out of this page: ${missing.join(", ")}. Totals, types and shapes are of everything.`);
}

function aboutPart(moment) {
  const { about } = moment;
  const list = [fact("Program", about.program), fact("Moment", about.moment), fact("Run", moment.run),
    fact("Seconds", (about.seconds ?? 0).toFixed(3)), fact("Version", about.version), fact("Continuations made", counted(about.created)),
    fact("Heap in use", sized(about.heap_used)), fact("Heap memory", sized(about.heap_committed)),
    fact("Stacks", sized(about.stack_bytes)), fact("Parked frames", sized(about.parked_bytes)),
    fact("Stack memory", sized(about.stack_committed)),
    ...about.counts.map(([name, value]) => fact(printable(name), counted(value)))];
  return el("details.about", {}, el("summary", {}, "About this moment"), el("dl.facts", {}, list));
}
