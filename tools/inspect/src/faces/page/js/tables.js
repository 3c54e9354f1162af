// The heap by type, and the objects of one type.

const typeSort = { by: 2, down: true };

function typesView(moment, route) {
  if (route.type !== null) return objectsView(moment, route);
  const { types, more_types } = moment.statistics;
  const whole = types.reduce((sum, [, , bytes]) => sum + bytes, 0) + more_types[2] || 1;
  const columns = [["Type", 0], ["Objects", 1], ["Bytes", 2], ["Retained", 3]];
  let rows = [];
  const head = el("div.tablehead.typegrid", { role: "presentation" });
  const list = virtualList({
    count: 0, size: 32, label: "Types",
    render: (i) => {
      const [ty, objects, bytes, retained] = rows[i];
      return el("a.typegrid", { href: hashOf({ ...route, type: ty }) },
        el("span.mono.name", {}, typeName(moment, ty)), el("span.number", {}, counted(objects)),
        el("span.number", {}, sized(bytes)), el("span.number", {}, retained === null ? "" : sized(retained)),
        bar(bytes / whole, "o"));
    },
    open: (i) => go({ ...route, type: rows[i][0] }),
  });
  let text = "";
  const change = () => {
    rows = types.filter(([ty]) => typeName(moment, ty).toLowerCase().includes(text));
    const value = (row) => typeSort.by === 0 ? typeName(moment, row[0]) : row[typeSort.by] ?? 0;
    const order = (a, b) => value(a) < value(b) ? -1 : value(a) > value(b) ? 1 : 0;
    rows.sort((a, b) => typeSort.down ? order(b, a) : order(a, b));
    head.replaceChildren(...columns.map(([name, by]) => {
      const arrow = typeSort.by === by ? (typeSort.down ? " ↓" : " ↑") : "";
      return el(`button.sorter${by ? ".number" : ""}`, {
        type: "button", "aria-pressed": typeSort.by === by ? "true" : "false",
        on: {
          click: () => {
            typeSort.down = typeSort.by === by ? !typeSort.down : by > 0;
            typeSort.by = by;
            change();
          },
        },
      }, name + arrow);
    }), el("span"));
    list.update(rows.length);
  };
  const toolbar = el("div.toolbar", {}, heading(2, "Heap by type"),
    entry("Filter", "", (value) => { text = value.toLowerCase(); change(); }, { type: "search", id: "filter", placeholder: "type" }),
    el("span.which", {}, spaces(moment)));
  change();
  const rest = more_types[0] > 0
    ? el("p.note", {}, `${many(more_types[0], "more type")} with ${many(more_types[1], "object")}, ${sized(more_types[2])}.`) : null;
  return el("div.tall", {}, toolbar, head, list.element, rest);
}

function spaces(moment) {
  return moment.statistics.spaces.map(([space, objects, bytes]) =>
    `${space}: ${many(objects, "object")}, ${sized(bytes)}`).join(" · ");
}

// The objects of a type that are in the page, those that retain most first.
function objectsView(moment, route) {
  const nodes = [];
  for (let node = 0; node < moment.count; node++) {
    if (moment.kinds[node] === "o" && moment.objects.ty[moment.rows[node]] === route.type) nodes.push(node);
  }
  nodes.sort((a, b) => moment.retained[b] - moment.retained[a]);
  const line = moment.statistics.types.find(([ty]) => ty === route.type);
  const all = line?.[1] ?? nodes.length;
  const list = virtualList({
    count: nodes.length, size: 32, label: `Objects of ${typeName(moment, route.type)}`,
    render: (i) => nodeRow(moment, nodes[i]), open: (i) => go({ node: moment.ids[nodes[i]] }),
  });
  const type = moment.names.types[route.type];
  const fields = type && type.kind !== "array" && type.fields.length
    ? `${type.kind}: ${type.fields.slice(0, 12).map((field, i) => field ? `$${field}` : `field ${i}`).join(", ")}` : type?.kind;
  return el("div.tall", {},
    el("div.toolbar", {}, el("a.button", { href: hashOf({ ...route, type: null }) }, "‹ Types"),
      heading(2, typeName(moment, route.type)), el("span.which", {}, fields),
      el("span.which", {}, line ? `${many(all, "object")}, ${sized(line[2])}` : "")),
    list.element,
    all > nodes.length ? el("p.note", {}, `${counted(nodes.length)} of ${counted(all)} are in this page.`) : null);
}

// A line of a list of nodes.
function nodeRow(moment, node) {
  const row = moment.rows[node];
  const more = moment.kinds[node] !== "o" ? KINDS[moment.kinds[node]] : preview(moment, node);
  return el("a.noderow", {
    href: hashOf({ ...current(), moment: moment.index, node: moment.ids[node] }),
    "data-node": `${moment.index}.${moment.ids[node]}`, "aria-current": isOpen(moment, node) ? "true" : null,
  },
    el("span.mono.name", { "data-kind": moment.kinds[node] }, title(moment, node)),
    el("span.mono.muted.preview", {}, more),
    el("span.number", {}, moment.lens.has(row) && moment.kinds[node] === "o" ? `${counted(moment.lens.get(row))} elements` : sized(moment.bytes[node])),
    el("span.number", {}, sized(moment.retained[node])));
}

// The first values of an object in a line.
function preview(moment, node) {
  const text = arrayText(moment, node);
  if (text) return text.slice(0, 60);
  const parts = [];
  for (let place = 0; place < Math.min(4, moment.placeCount(node)); place++) {
    const part = moment.part(node, place);
    if (!part) break;
    const name = placeName(moment, node, place).replace(/^field \d+ /, "");
    const to = part.edge === undefined ? null : moment.targets[part.edge];
    const value = to === null ? valueText(part.value) : to < 0 ? missingTitle(moment, -1 - to) : `@${hex(moment.offsets[moment.rows[to]] ?? 0)}`;
    parts.push(`${name}=${value}`);
  }
  return parts.join(" ");
}
