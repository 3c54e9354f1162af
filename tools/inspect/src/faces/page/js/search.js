// Search over what the page has: functions, types, nodes outside of stacks, continuations by
// number, objects by offset. Results come while one types.

const FOUND = 40;

// What can be found by its name: made once for a moment.
function namesToFind(moment) {
  if (moment.findable) return moment.findable;
  const all = [];
  const add = (kind, text, hint, route) => all.push({ kind, text, small: text.toLowerCase(), hint, route });
  const used = new Map();
  for (const shape of moment.shapes) {
    const sites = moment.names.stacks[shape.stack] ?? [];
    const functions = new Set(sites.map((site) => moment.names.sites[site]?.function));
    functions.add(moment.names.origins[shape.origin]?.function);
    for (const of of functions) used.set(of, (used.get(of) ?? 0) + shape.count);
  }
  moment.names.functions.forEach((name, fn) => {
    const stacks = used.get(fn);
    if (stacks) add("function", name, `on ${many(stacks, "stack")}`, { view: "stacks", fn });
  });
  for (const [ty, objects, bytes] of moment.statistics.types) {
    add("type", typeName(moment, ty), `${many(objects, "object")}, ${sized(bytes)}`, { view: "types", type: ty });
  }
  for (let node = 0; node < moment.count; node++) {
    if ("gtshw".includes(moment.kinds[node])) {
      add(KINDS[moment.kinds[node]], title(moment, node), sized(moment.retained[node]), { node: moment.ids[node] });
    }
  }
  return moment.findable = all;
}

function nodeFound(moment, node, kind) {
  return { kind, text: title(moment, node), hint: sized(moment.retained[node]), route: { node: moment.ids[node] } };
}

// What a text finds, the nearest first.
function search(moment, text) {
  const wanted = text.trim().toLowerCase();
  if (!wanted) return [];
  const found = [];
  const number = /^(?:(n|@|c|continuation)\s*)?(0x[0-9a-f]+|\d+)$/.exec(wanted);
  if (number) {
    const [, of, digits] = number;
    const value = Number(digits);
    if (!of || of === "c" || of === "continuation") found.push(...numbered(moment, value));
    if (!of || of === "@") {
      const at = objectAt(moment, value);
      if (at >= 0) found.push(nodeFound(moment, at, "object"));
    }
    if (of === "n" && moment.find(value) >= 0) found.push(nodeFound(moment, moment.find(value), "node"));
    if (found.length === 0) found.push({ kind: "", text: `${text.trim()} is not in this page`, hint: "" });
  }
  const names = namesToFind(moment).filter((one) => one.small.includes(wanted));
  const rank = ({ small }) => small === wanted || small === `$${wanted}` ? 0 : small.startsWith(wanted) || small.startsWith(`$${wanted}`) ? 1 : 2;
  names.sort((a, b) => rank(a) - rank(b));
  found.push(...names.slice(0, FOUND));
  if (names.length > FOUND) found.push({ kind: "", text: many(names.length - FOUND, "more name"), hint: "type more letters" });
  return found;
}

function numbered(moment, value) {
  const { number, serial } = moment.continuations;
  const is = (node) => number[moment.rows[node]] === value || serial[moment.rows[node]] === value;
  return moment.continuationNodes.filter(is).slice(0, 4).map((node) => nodeFound(moment, node, "continuation"));
}

// The object at an offset, or in which it lies; -1 if it is not in the page.
function objectAt(moment, offset) {
  const { offsets, count } = moment;
  let [low, high] = [0, offsets.length];
  while (low < high) {
    const middle = low + high >>> 1;
    if (offsets[middle] <= offset) low = middle + 1; else high = middle;
  }
  if (low === 0) return -1;
  const node = count - offsets.length + low - 1;
  return offset < offsets[low - 1] + Math.max(1, moment.bytes[node]) ? node : -1;
}

// The field and what it finds.
function searchField() {
  const input = document.getElementById("search");
  const box = document.getElementById("found");
  let results = [];
  let active = 0;
  const show = () => {
    results = search(moments[current().moment], input.value);
    active = Math.min(active, Math.max(0, results.length - 1));
    box.replaceChildren(...results.map((result, i) => el("div.result", {
      id: `found-${i}`, role: "option", "aria-selected": String(i === active), "aria-disabled": result.route ? null : "true",
      on: { mousedown: (event) => event.preventDefault(), click: () => open(i) },
    }, el("span.kind", {}, result.kind), el("span.mono.name", {}, result.text), el("span.hint", {}, result.hint))));
    if (input.value.trim() && results.length === 0) box.append(el("p.note", {}, "Nothing of this name."));
    box.hidden = !input.value.trim();
    input.setAttribute("aria-expanded", String(!box.hidden));
    if (results.length && !box.hidden) input.setAttribute("aria-activedescendant", `found-${active}`);
    else input.removeAttribute("aria-activedescendant");
    box.querySelector("[aria-selected=true]")?.scrollIntoView({ block: "nearest" });
  };
  const close = () => {
    box.hidden = true;
    input.setAttribute("aria-expanded", "false");
  };
  const open = (i) => {
    const route = results[i]?.route;
    if (!route) return;
    input.value = "";
    close();
    input.blur();
    const plain = route.view ? { shape: null, type: null, fn: null, each: false } : {};
    go({ ...plain, of: null, ...route });
  };
  input.addEventListener("input", () => { active = 0; show(); });
  input.addEventListener("focus", show);
  input.addEventListener("blur", close);
  input.addEventListener("keydown", (event) => {
    if (event.key === "Escape") {
      input.value = "";
      close();
      input.blur();
    } else if (event.key === "Enter") open(active);
    else if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      active = Math.max(0, Math.min(results.length - 1, active + (event.key === "ArrowDown" ? 1 : -1)));
      show();
    } else return;
    event.preventDefault();
    event.stopPropagation();
  });
}
