// The retained tree: below each node what would die with it, the largest first.

// Lines of a level that are shown at once.
const LEVEL = 100;
// Levels that are moved in: of deeper ones the number stands before the name.
const DEEP = 14;

function retainedView(moment, route) {
  const whole = moment.statistics.reachable || 1;
  const open = new Set([0]);
  const limits = new Map();
  let lines = [];
  // Opened down to the node of the route.
  const target = route.node === null ? -1 : moment.find(route.node);
  const way = [];
  for (let at = target; at >= 0; at = moment.dominators[at]) way.push(at);
  for (const at of way.slice(1)) open.add(at);
  for (const at of way) {
    const of = moment.dominators[at];
    const index = moment.children(of).indexOf(at);
    if (index >= LEVEL) limits.set(of, index + 1);
  }
  const build = () => {
    lines = [];
    const stack = [...heads(moment)].reverse().map((node) => ({ node, level: 1 }));
    while (stack.length) {
      const line = stack.pop();
      lines.push(line);
      if (line.rest !== undefined || !open.has(line.node)) continue;
      const children = moment.children(line.node);
      const most = limits.get(line.node) ?? LEVEL;
      const below = Array.from(children.subarray(0, most), (node) => ({ node, level: line.level + 1 }));
      const shown = children.subarray(0, most).reduce((sum, node) => sum + moment.retained[node], 0);
      const here = children.subarray(most).reduce((sum, node) => sum + moment.retained[node], 0);
      if (children.length > most) below.push({ of: line.node, rest: children.length - most, bytes: here, level: line.level + 1 });
      const elsewhere = moment.retained[line.node] - moment.bytes[line.node] - shown - here;
      if (elsewhere > 0) below.push({ of: line.node, rest: 0, bytes: elsewhere, level: line.level + 1 });
      stack.push(...below.reverse());
    }
  };
  const list = virtualList({
    count: 0, size: 30, label: "Retained tree", role: "tree", rowRole: "treeitem",
    render: (i) => treeRow(lines[i]), open: (i) => act(lines[i], true),
    key: (event, i) => {
      const line = lines[i];
      const opens = event.key === "l" || event.key === "ArrowRight";
      if (!opens && event.key !== "h" && event.key !== "ArrowLeft") return false;
      if (opens && line.rest === undefined && !open.has(line.node)) toggle(line.node);
      else if (opens) list.move(i + 1);
      else if (line.rest === undefined && open.has(line.node)) toggle(line.node);
      else {
        let up = i - 1;
        while (up > 0 && lines[up].level >= line.level) up--;
        list.move(Math.max(0, up));
      }
      return true;
    },
  });
  const refresh = () => {
    build();
    list.update(lines.length);
  };
  const toggle = (node) => {
    if (open.has(node)) open.delete(node); else if (moment.children(node).length) open.add(node);
    refresh();
  };
  const act = (line, follow) => {
    if (line.rest > 0) {
      limits.set(line.of, (limits.get(line.of) ?? LEVEL) + 10 * LEVEL);
      refresh();
    } else if (line.rest === undefined && follow) go({ node: moment.ids[line.node] });
  };
  const treeRow = (line) => {
    const indent = el("span.indent");
    indent.style.width = `${Math.min(line.level - 1, DEEP) * 16}px`;
    const deep = line.level - 1 > DEEP ? el("span.deep", { title: `${line.level} levels down` }, `+${line.level - 1 - DEEP}`) : null;
    if (line.rest !== undefined) {
      const text = line.rest ? `${many(line.rest, "more node")}` : "nodes that are not in this page";
      return el("div.treerow", { "aria-level": line.level, on: { click: () => act(line) } }, indent, deep,
        el("span.name.muted", {}, text), el("span.number"), el("span.number", {}, sized(line.bytes)), bar(line.bytes / whole, "r"));
    }
    const { node, level } = line;
    const inner = moment.children(node).length > 0 || moment.retained[node] > moment.bytes[node];
    const isOpen = open.has(node);
    return el("div.treerow", {
      "aria-level": level, "aria-expanded": inner ? String(isOpen) : null,
      on: { click: (event) => { if (!event.target.closest("a")) toggle(node); } },
    }, indent, deep, el("span.twist", { "aria-hidden": "true" }, inner ? (isOpen ? "▾" : "▸") : ""),
      el("span.name", {}, nodeTreeLink(moment, node)),
      el("span.number", {}, sized(moment.bytes[node])), el("span.number", {}, sized(moment.retained[node])),
      bar(moment.retained[node] / whole, moment.kinds[node]));
  };
  refresh();
  const at = lines.findIndex((line) => line.node === target);
  if (at > 0) requestAnimationFrame(() => list.move(at));
  return el("div.tall", {},
    el("div.toolbar", {}, heading(2, "Retained tree"), el("span.which", {}, "Below a node: what would be free without it.")),
    el("div.tablehead.treerow", {}, el("span.name", {}, "Node"), el("span.number", {}, "Own"), el("span.number", {}, "Retains"), el("span")),
    list.element);
}

// The roots, and what hangs on nothing.
function heads(moment) {
  return [0, ...[...moment.children(-1)].filter((node) => moment.kinds[node] !== "w" && moment.retained[node] > 0)];
}

function nodeTreeLink(moment, node) {
  const link = nodeLink(moment, node);
  link.setAttribute("href", hashOf({ ...current(), moment: moment.index, node: moment.ids[node] }));
  link.tabIndex = -1;
  return link;
}
