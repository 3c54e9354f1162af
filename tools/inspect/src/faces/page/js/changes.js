// What changed from one moment to the next: by type, by stack, and one by one.

function changesView(moment) {
  const changes = allChanges.find(({ moments: [, after] }) => after === moment.index) ?? allChanges[0];
  const [before, after] = changes.moments.map((index) => moments[index]);
  const pair = (name, [[oldCount, oldBytes], [count, bytes]]) => el("div.tile", {}, el("span.name", {}, name),
    el("span.value", {}, signed(count - oldCount)), el("span.note", {}, `${counted(oldCount)} → ${counted(count)} · ${signedSize(bytes - oldBytes)}`));
  const one = (name, list, more) => list === null ? null : el("div.tile", {}, el("span.name", {}, name), el("span.value", {}, counted(list.count ?? list)), el("span.note", {}, more));
  return el("div.page", {},
    el("h2.heading", {}, "What changed", el("small", {}, `${momentName(before)} → ${momentName(after)}`)),
    changes.limits ? el("p.note", {}, changes.limits) : null,
    el("div.tiles", {}, pair("Objects", changes.objects), pair("Continuations", changes.continuations),
      one("Entered", changes.entered, "continuations"), one("Left", changes.left, "continuations"),
      one("Moved on", changes.moved, "continuations"), one("Stayed", changes.stayed, "where they stood")),
    typeChanges(changes), stackChanges(changes, before, after),
    el("div.two", {},
      nodeChanges("Continuations that entered", after, changes.entered), nodeChanges("Continuations that left", before, changes.left),
      nodeChanges("Objects that entered", after, changes.objects_entered), nodeChanges("Objects that left", before, changes.objects_left)));
}

function momentName(moment) {
  const name = moment.about.moment || "moment";
  const alike = moments.filter((other) => other.about.moment === moment.about.moment);
  return alike.length > 1 ? `${name} (${alike.indexOf(moment) + 1})` : name;
}

function signed(number) {
  return number > 0 ? `+${counted(number)}` : counted(number).replace("-", "−");
}

function signedSize(bytes) {
  return bytes > 0 ? `+${sized(bytes)}` : sized(bytes).replace("-", "−");
}

// A difference with a bar to the right for growth, to the left for shrinking.
function growth(difference, most) {
  const fill = el(`span.fill.${difference >= 0 ? "grew" : "shrank"}`);
  fill.style.width = `${Math.abs(difference) / (most || 1) * 50}%`;
  return el("span.growth", { "aria-hidden": "true" }, fill);
}

// Lines of a table, the first ones at once.
function growing(lines, render, head) {
  const body = el("tbody");
  const table = el("table.wide", {}, el("thead", {}, el("tr", {}, head.map((name, i) => el(i ? "th.number" : "th", { scope: "col" }, name)))), body);
  let shown = 0;
  const more = button("", () => show());
  const show = () => {
    body.append(...lines.slice(shown, shown + 25).map(render));
    shown = Math.min(lines.length, shown + 25);
    more.hidden = shown >= lines.length;
    more.textContent = many(lines.length - shown, "more line");
  };
  show();
  return [el("div.scroll", {}, table), more];
}

function typeChanges({ types, more }) {
  const most = Math.max(...types.map((line) => Math.abs(line.after[1] - line.before[1])), 1);
  const line = ({ name, before, after, entered, left }) => el("tr", {},
    el("td.mono", {}, name), el("td.number", {}, counted(before[0])), el("td.number", {}, counted(after[0])),
    el("td.number", {}, entered?.[0] ? `+${counted(entered[0])}` : ""), el("td.number", {}, left?.[0] ? `−${counted(left[0])}` : ""),
    el("td.number", {}, signedSize(after[1] - before[1])), el("td.barcell", {}, growth(after[1] - before[1], most)));
  return el("section", {}, heading(2, "By type"),
    types.length ? growing(types, line, ["Type", "Before", "After", "Entered", "Left", "Bytes", ""]) : el("p.note", {}, "No type changed."),
    more[0] ? el("p.note", {}, many(more[0], "more type")) : null);
}

function stackChanges({ stacks, more }, before, after) {
  const most = Math.max(...stacks.map((line) => Math.abs(line.after[0] - line.before[0])), 1);
  const line = ({ origin, text, before: old, after: now, samples }) => {
    const [side, node] = samples[1] !== null ? [after, samples[1]] : [before, samples[0]];
    return el("tr", {},
      el("td", {}, el("span.mono", {}, origin), el("div.muted.mono.cut", { title: text }, text)),
      el("td.number", {}, counted(old[0])), el("td.number", {}, counted(now[0])), el("td.number", {}, signed(now[0] - old[0])),
      el("td.number", {}, signedSize(now[1] - old[1])), el("td.barcell", {}, growth(now[0] - old[0], most)),
      el("td", {}, node === null ? "" : nodeLink(side, node, "an example")));
  };
  return el("section", {}, heading(2, "By shape", el("small", {}, "what they were made from, and where they stand")),
    stacks.length ? growing(stacks, line, ["Continuations", "Before", "After", "Grown", "Bytes", "", ""]) : el("p.note", {}, "No stack changed."),
    more[1] ? el("p.note", {}, many(more[1], "more stack")) : null);
}

function nodeChanges(name, moment, list) {
  if (!list || list.count === 0) return null;
  const rows = list.nodes.map((node) => [node]);
  const line = ([node]) => el("tr", {}, el("td", {}, nodeLink(moment, node)), el("td.number", {}, sized(moment.retained[node])));
  return el("section", {}, heading(2, name, el("small", {}, counted(list.count))),
    rows.length ? growing(rows, line, ["Node", "Retains"]) : null,
    list.count > rows.length ? el("p.note", {}, `${counted(list.count - rows.length)} are not in this page.`) : null);
}
