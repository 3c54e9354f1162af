// Stacks side by side, as columns of frames: the running chain first, then a column for each
// shape, or for each continuation that is in the page.

const COLUMN = 316;
const FRAMES_AT_ONCE = 40;

// What the columns are filtered by; kept while the page is open.
const filters = { text: "", state: "", age: 0, sort: "retained", folded: false };

// A column is { node } for a continuation, or { shape } for those that are alike.
function columnsOf(moment, route) {
  const chain = moment.continuationNodes.filter((node) =>
    "rp".includes(moment.continuations.state[moment.rows[node]]));
  chain.sort((a, b) => Number(moment.continuations.state[moment.rows[a]] === "p") -
    Number(moment.continuations.state[moment.rows[b]] === "p"));
  const columns = chain.map((node) => ({ node }));
  const isRunning = new Set(chain);
  if (route.each || route.shape !== null) {
    for (const node of moment.continuationNodes) if (!isRunning.has(node)) columns.push({ node });
  } else {
    moment.shapes.forEach((shape, i) => {
      if (shape.state === "fresh" || shape.state === "suspended") columns.push({ shape: i });
    });
  }
  const kept = columns.filter((column) => passes(moment, route, column));
  const ahead = kept.filter(({ node }) => isRunning.has(node));
  return [...ahead, ...sorted(moment, kept.filter(({ node }) => !isRunning.has(node)))];
}

const SORTS = [["retained", "Retained"], ["count", "Count"], ["age", "Age"], ["frames", "Frames"], ["number", "Number"]];

function sortValue(moment, { node, shape }) {
  if (node !== undefined) {
    const row = moment.rows[node];
    const { age, frames, number } = moment.continuations;
    return { retained: moment.retained[node], count: 1, age: age[row], frames: frames[row], number: -number[row] }[filters.sort];
  }
  const of = moment.shapes[shape];
  return { retained: of.retained?.[0] ?? 0, count: of.count, age: of.age[2], frames: of.frames.length, number: -shape }[filters.sort];
}

function sorted(moment, columns) {
  const values = new Map(columns.map((column) => [column, sortValue(moment, column)]));
  return columns.sort((a, b) => values.get(b) - values.get(a));
}

// Everything by which a stack can be found, in small letters; made once for each stack and origin.
function stackText(moment, stack, origin) {
  moment.stackTexts ??= new Map();
  const key = `${stack} ${origin}`;
  if (!moment.stackTexts.has(key)) {
    const sites = (moment.names.stacks[stack] ?? []).map((site) => siteText(moment, site));
    const made = moment.names.origins[origin];
    moment.stackTexts.set(key, [originName(moment, origin), made?.text ?? "", made?.ty ?? "", ...sites].join("\n").toLowerCase());
  }
  return moment.stackTexts.get(key);
}

function passes(moment, route, { node, shape }) {
  const row = node === undefined ? -1 : moment.rows[node];
  const of = node === undefined ? moment.shapes[shape] : null;
  const { state, age, stack, origin, parked, shape: shapes } = moment.continuations;
  if (route.shape !== null && (of || shapes[row] !== route.shape)) return false;
  if (route.fn !== null) {
    const sites = moment.names.stacks[of ? of.stack : stack[row]] ?? [];
    const at = of ? of.origin : origin[row];
    const met = moment.names.origins[at]?.function === route.fn
      || sites.some((site) => moment.names.sites[site]?.function === route.fn);
    if (!met) return false;
  }
  const is = of ? of.state : STATES[state[row]];
  if (filters.state === "parked" ? !(of ? of.parked > 0 : parked[row] === "p") : filters.state && is !== filters.state) return false;
  if ((of ? of.age[2] : age[row]) < filters.age) return false;
  const wanted = filters.text.toLowerCase();
  if (!wanted) return true;
  const text = of ? stackText(moment, of.stack, of.origin) : stackText(moment, stack[row], origin[row]);
  if (text.includes(wanted)) return true;
  if (of) return of.frames.some(([, slots]) => slots.some((kind) => moment.slotKinds[kind].toLowerCase().includes(wanted)));
  return holdsText(moment, node, wanted);
}

// Whether a slot of a continuation refers to something of this name.
function holdsText(moment, node, wanted) {
  for (const frame of moment.framesOf(node).values()) {
    for (let edge = moment.first[frame]; edge < moment.first[frame + 1]; edge++) {
      const to = moment.targets[edge];
      const name = to < 0 ? missingTitle(moment, -1 - to) : title(moment, to);
      if (name.toLowerCase().includes(wanted)) return true;
    }
  }
  return false;
}

function stacksView(moment, route) {
  const note = el("span.which", { role: "status" });
  let columns = columnsOf(moment, route);
  const strip = columnStrip(moment, route, () => columns);
  const change = () => {
    columns = columnsOf(moment, route);
    const total = columns.reduce((sum, { shape }) => sum + (shape === undefined ? 1 : moment.shapes[shape].count), 0);
    note.textContent = `${many(columns.length, "column")}, ${many(total, "continuation")}`;
    strip.update();
  };
  const set = (name, number) => (value) => {
    filters[name] = number ? Number(value) || 0 : value;
    change();
  };
  const states = ["", "running", "parent", "suspended", "fresh", "parked"].map((state) => [state, state || "any"]);
  const bar = el("div.toolbar", {},
    el("div.segments", { role: "group", "aria-label": "A column is" },
      segment("Shapes", { ...route, each: false, shape: null }, !route.each && route.shape === null),
      segment("Continuations", { ...route, each: true, shape: null }, route.each && route.shape === null),
      route.shape !== null && moment.shapes[route.shape]
        ? segment(`Like ${originName(moment, moment.shapes[route.shape].origin)}`, route, true) : null),
    entry("Filter", filters.text, set("text"), { placeholder: "function, type, file", type: "search", id: "filter" }),
    choice("State", states, filters.state, set("state")),
    entry("Age from", filters.age || "", set("age", true), { type: "number", min: 0, size: 4 }),
    choice("Sort", SORTS, filters.sort, set("sort")),
    button(filters.folded ? "Open frames" : "Fold frames", (event) => {
      filters.folded = !filters.folded;
      event.target.textContent = filters.folded ? "Open frames" : "Fold frames";
      strip.update();
    }, { id: "fold", title: "Fold or open all frames (c)" }),
    route.fn !== null ? el("a.button", { href: hashOf({ ...route, fn: null }) }, `${functionName(moment, route.fn)} ✕`) : null,
    note);
  change();
  return el("div.stacks", {}, bar, strip.element, restNote(moment, route));
}

function segment(text, to, current) {
  return el("a.segment", { href: hashOf(to), "aria-current": current ? "true" : null }, text);
}

function restNote(moment, route) {
  const here = moment.continuationNodes.length;
  const all = moment.statistics.kinds.find(([name]) => name === "continuation")?.[1] ?? here;
  if (!(route.each || route.shape !== null) || all <= here) return null;
  return el("p.note", {}, `${counted(here)} of ${counted(all)} continuations are in this page, those that retain most; shapes are of all.`);
}

// The columns that are seen; others are not elements.
function columnStrip(moment, route, columns) {
  const inner = el("div.strip", { role: "list" });
  const element = el("div.columns", { tabindex: "0", "aria-label": "Stacks" }, inner);
  let drawn = new Map();
  const scroll = () => rail(columns().length, COLUMN, element.clientWidth);
  const draw = () => {
    const all = columns();
    const left = scroll().first(element.scrollLeft);
    const shift = element.scrollLeft - left * COLUMN;
    const first = Math.max(0, Math.floor(left) - 1);
    const end = Math.min(all.length, first + Math.ceil((element.clientWidth || 1200) / COLUMN) + 3);
    const now = new Map();
    for (let i = first; i < end; i++) {
      const made = drawn.get(i) ?? columnOf(moment, all[i]);
      made.style.transform = `translateX(${i * COLUMN + shift}px)`;
      made.dataset.column = i;
      made.setAttribute("aria-setsize", all.length);
      made.setAttribute("aria-posinset", i + 1);
      now.set(i, made);
      if (!made.isConnected) inner.append(made);
    }
    for (const [i, made] of drawn) if (!now.has(i)) made.remove();
    drawn = now;
  };
  const update = () => {
    for (const made of drawn.values()) made.remove();
    drawn = new Map();
    inner.style.width = `${scroll().long}px`;
    inner.classList.toggle("empty", columns().length === 0);
    draw();
  };
  element.addEventListener("scroll", draw, { passive: true });
  new ResizeObserver(draw).observe(element);
  element.addEventListener("keydown", (event) => {
    const by = { h: -1, ArrowLeft: -1, l: 1, ArrowRight: 1 }[event.key];
    const down = { j: 1, ArrowDown: 1, k: -1, ArrowUp: -1 }[event.key];
    if (!plainKey(event) || !(by || down) || event.target.matches("input, select")) return;
    event.preventDefault();
    event.stopPropagation();
    const column = event.target.closest(".column");
    if (by || !column) return toColumn(column ? Number(column.dataset.column) + by : 0);
    const stops = [...column.querySelectorAll("a, button, summary")].filter((stop) => stop.offsetParent);
    stops[stops.indexOf(document.activeElement) + down]?.focus();
  });
  const toColumn = (i) => {
    if (i < 0 || i >= columns().length) return;
    const [left, seen] = [scroll().first(element.scrollLeft), element.clientWidth / COLUMN];
    if (i < left) element.scrollLeft = scroll().position(i);
    else if (i + 1 > left + seen) element.scrollLeft = scroll().position(Math.max(0, i + 1 - seen));
    draw();
    drawn.get(i)?.querySelector("a")?.focus();
  };
  return { element, update };
}

function columnOf(moment, { node, shape }) {
  const column = el("section.column", { role: "listitem" });
  const head = el("header", {});
  const sample = node ?? moment.shapes[shape].sample ?? -1;
  if (node !== undefined) {
    const row = moment.rows[node];
    const { state, parked, age, stack_bytes, origin, number } = moment.continuations;
    head.append(
      el("h3", {}, nodeLink(moment, node, `${originName(moment, origin[row]) || "continuation"}`), el("span.muted.mono", {}, ` ${number[row]}`)),
      el("p.tags", {}, badge(STATES[state[row]], `state-${state[row]}`), parked[row] === "p" ? badge("parked", "parked") : null,
        moment.depths[node] < 0 ? badge("forgotten", "forgotten") : null),
      el("p.meta", {}, `age ${age[row]} · stack ${sized(stack_bytes[row])} · retains ${sized(moment.retained[node])}`));
  } else {
    const of = moment.shapes[shape];
    const ages = of.age[0] === of.age[2] ? `age ${of.age[0]}` : `age ${of.age[0]}–${of.age[2]}`;
    head.append(
      el("h3", {}, el("a.link.mono", {
        href: hashOf({ moment: moment.index, view: "stacks", shape, each: true }), "data-kind": "c", title: "Each of them",
      }, originName(moment, of.origin) || "continuations"), el("span.times", {}, ` × ${counted(of.count)}`)),
      el("p.tags", {}, badge(of.state, `state-${of.state[0]}`), of.parked ? badge(of.parked === of.count ? "parked" : `${counted(of.parked)} parked`, "parked") : null,
        of.forgotten ? badge(`${counted(of.forgotten)} forgotten`, "forgotten") : null),
      el("p.meta", {}, `${ages} · stacks ${sized(of.stack_bytes[0])}${of.retained ? ` · retain ${sized(of.retained[0])}` : ""}`),
      el("p.sample", {}, of.sample === null ? "none of them is in this page" : ["for example ", nodeLink(moment, of.sample, `continuation ${moment.continuations.number[moment.rows[of.sample]]}`)]));
  }
  column.append(head, el("div.frames", {}, sample < 0 ? shapeFrames(moment, shape) : framesOf(moment, sample)));
  return column;
}

// The frames of a continuation: those that are nodes with their slots, others by name.
function framesOf(moment, node) {
  const row = moment.rows[node];
  const stack = moment.continuations.stack[row];
  const sites = moment.names.stacks[stack] ?? [];
  const frames = moment.framesOf(node);
  const deeper = moment.names.deeper.get(stack) ?? 0;
  const bound = [];
  for (let edge = moment.first[node]; edge < moment.first[node + 1]; edge++) {
    const place = moment.places[edge];
    if (place === 0 || place % 2 === 1) bound.push(slotLine(placeName(moment, node, place), targetLink(moment, edge)));
  }
  for (const [place, value] of moment.plain.get(node) ?? []) {
    bound.push(slotLine(placeName(moment, node, place), plainValue(value)));
  }
  const list = el("div", {}, bound.length ? el("dl.slots.bound", {}, bound) : null);
  let shown = 0;
  const more = button("", () => show());
  const show = () => {
    const to = Math.min(sites.length, shown + FRAMES_AT_ONCE);
    for (let index = shown; index < to; index++) list.append(frameCard(moment, sites[index], frames.get(index)));
    shown = to;
    more.remove();
    if (shown < sites.length) {
      more.textContent = many(sites.length - shown, "more frame");
      list.append(more);
    } else if (deeper) list.append(el("p.note", {}, `${many(deeper, "frame")} below are not in this page.`));
  };
  show();
  return list;
}

function frameCard(moment, site, frame) {
  const of = moment.names.sites[site];
  const name = functionName(moment, of?.function);
  const text = siteText(moment, site);
  const place = text.startsWith(name) ? text.slice(name.length).trim() : text;
  if (frame === undefined) return el("div.frame.bare", {}, el("span.mono", {}, name), el("span.place.mono", {}, place));
  const slots = [];
  const places = new Map(moment.plain.get(frame) ?? []);
  const lines = new Map([...places].map(([at, value]) => [at, () => plainValue(value)]));
  for (let edge = moment.first[frame]; edge < moment.first[frame + 1]; edge++) {
    lines.set(moment.places[edge], () => targetLink(moment, edge));
  }
  for (const at of [...lines.keys()].sort((a, b) => a - b)) slots.push(slotLine(placeName(moment, frame, at), lines.get(at)()));
  return el("details.frame", { open: !filters.folded },
    el("summary", {}, nodeLink(moment, frame, name), el("span.place.mono", {}, place),
      slots.length && filters.folded ? el("span.muted", {}, many(slots.length, "slot")) : null),
    (of?.inlined ?? []).map((inlined) => el("p.inlined.mono", {}, `inlined into ${inlined}`)),
    slots.length ? el("dl.slots", {}, slots) : el("p.none", {}, "no slots"));
}

function slotLine(name, value) {
  const holds = /^fp-\d+ \((.*)\)$/.exec(name)?.[1] ?? name;
  return el("div.slot", {}, el("dt", { title: name }, holds), el("dd", {}, value));
}

// The frames of a shape of which no continuation is in the page: what its slots hold, by kind.
function shapeFrames(moment, shape) {
  return el("div", {}, moment.shapes[shape].frames.map(([site, slots]) => el("div.frame", {},
    el("p.mono", {}, siteText(moment, site)),
    el("dl.slots", {}, slots.map((kind, i) => slotLine(moment.names.sites[site]?.slots[i] ?? `slot ${i}`, el("span.plain.mono", {}, moment.slotKinds[kind])))))));
}
