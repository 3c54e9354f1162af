// Drawings of ways: boxes for nodes, arrows for references, in SVG.

const BOX = { width: 312, height: 38, gap: 34, layer: 262, small: 204, row: 58 };

// A text cut to a number of characters, in the middle.
function shortened(text, most) {
  if (text.length <= most) return text;
  const half = Math.floor((most - 1) / 2);
  return `${text.slice(0, most - 1 - half)}…${text.slice(text.length - half)}`;
}

// A node's box, which is a link.
function box(moment, node, x, y, width, options = {}) {
  const characters = Math.floor((width - 24) / 7.3);
  const link = svg("a", {
    href: hashOf({ moment: moment.index, node: moment.ids[node] }),
    class: `box${options.target ? " target" : ""}${options.must ? " must" : ""}`,
    "data-kind": moment.kinds[node],
    "data-node": `${moment.index}.${moment.ids[node]}`,
    "aria-label": title(moment, node),
  },
    svg("title", {}, options.must && !options.target
      ? `${title(moment, node)} — every way passes here` : title(moment, node)),
    svg("rect", { x, y, width, height: BOX.height, rx: 7 }),
    svg("rect", { x, y: y + 7, width: 4, height: BOX.height - 14, rx: 2, class: "edgebar" }),
    svg("text", { x: x + 14, y: y + 16, class: "boxkind" }, KINDS[moment.kinds[node]]),
    svg("text", { x: x + 14, y: y + 30, class: "boxname" }, shortened(shortTitle(moment, node), characters)));
  if (options.must) link.append(svg("text", { x: x + width - 18, y: y + 17, class: "boxmark" }, "◆"));
  return link;
}

function marker(id) {
  return svg("defs", {}, svg("marker", {
    id, viewBox: "0 0 8 8", refX: 7, refY: 4, markerWidth: 7, markerHeight: 7, orient: "auto-start-reverse",
  }, svg("path", { d: "M0 0 L8 4 L0 8 z", class: "tip" })));
}

// The nodes that all ways to this one pass.
function passed(moment, node) {
  const all = new Set();
  for (let at = moment.dominators[node]; at > 0; at = moment.dominators[at]) all.add(at);
  return all;
}

// One way from above to below.
function drawWay(moment, way, most = 24) {
  const shown = steps(moment, way, most);
  const must = passed(moment, way.nodes[way.nodes.length - 1]);
  const height = shown.length * (BOX.height + BOX.gap) - BOX.gap + 4;
  const drawing = svg("svg", {
    class: "way", viewBox: `0 0 ${BOX.width + 4} ${height}`, width: BOX.width + 4, height,
    role: "group", "aria-label": "The way from the roots",
  }, marker("tip"));
  shown.forEach((step, i) => {
    const y = i * (BOX.height + BOX.gap) + 2;
    if (i > 0) {
      const from = y - BOX.gap;
      drawing.append(svg("path", {
        d: `M24 ${from} V${y - 2}`, class: step.gap || shown[i - 1].gap ? "arrow cut" : "arrow",
        "marker-end": "url(#tip)",
      }));
      if (step.by?.length && step.by[0] !== "root") {
        const text = step.by.length > 3 ? `${step.by.slice(0, 3).join(", ")}, …` : step.by.join(", ");
        drawing.append(svg("text", { x: 36, y: from + BOX.gap / 2 + 4, class: "by" },
          svg("title", {}, text), shortened(text, 36)));
      }
    }
    if (step.gap) {
      drawing.append(svg("text", { x: 36, y: y + 23, class: "gap" }, `${counted(step.gap)} more nodes`));
    } else {
      drawing.append(box(moment, step.node, 2, y, BOX.width, {
        target: i === shown.length - 1, must: must.has(step.node),
      }));
    }
  });
  return drawing;
}

// The column of each node, so that references lead to the right: one more than the columns of
// all that refer to it. In a cycle that is not possible for all, and it ends after some rounds.
function columnsOfWays(edges, count) {
  const column = new Map();
  const of = (node) => column.get(node) ?? 0;
  for (let round = 0, moved = true; moved && round < count; round++) {
    moved = false;
    for (const [from, to] of edges) {
      if (of(to) > of(from) || of(from) + 1 >= count) continue;
      column.set(to, of(from) + 1);
      moved = true;
    }
  }
  return of;
}

// Several ways in one drawing, from left to right.
function drawWays(moment, all) {
  const target = all[0].nodes[all[0].nodes.length - 1];
  const must = passed(moment, target);
  const layers = new Map();
  const edges = new Map();
  for (const { nodes } of all) {
    for (let i = 1; i < nodes.length; i++) edges.set(`${nodes[i - 1]}>${nodes[i]}`, [nodes[i - 1], nodes[i]]);
  }
  const nodes = new Set(all.flatMap((way) => way.nodes));
  const column = columnsOfWays([...edges.values()], nodes.size);
  for (const node of nodes) {
    if (!layers.has(column(node))) layers.set(column(node), []);
    layers.get(column(node)).push(node);
  }
  const depths = [...layers.keys()].sort((a, b) => a - b);
  const rows = Math.max(...[...layers.values()].map((layer) => layer.length));
  const height = rows * BOX.row + 20;
  const spot = new Map();
  depths.forEach((depth, x) => {
    const layer = layers.get(depth);
    layer.forEach((node, i) => spot.set(node, {
      x: x * BOX.layer + 2, y: (height - layer.length * BOX.row) / 2 + i * BOX.row + 10,
    }));
  });
  const width = depths.length * BOX.layer - (BOX.layer - BOX.small) + 4;
  const drawing = svg("svg", {
    class: "ways", viewBox: `0 0 ${width} ${height}`, width, height, role: "group",
    "aria-label": `${all.length} ways from the roots`,
  }, marker("tips"));
  // Made a little smaller rather than scrolled.
  drawing.style.width = "100%";
  drawing.style.height = "auto";
  drawing.style.minWidth = `${width * 0.76}px`;
  drawing.style.maxWidth = `${width}px`;
  for (const [from, to] of edges.values()) {
    const [a, b] = [spot.get(from), spot.get(to)];
    const [x1, y1, y2] = [a.x + BOX.small, a.y + BOX.height / 2, b.y + BOX.height / 2];
    const ahead = b.x > a.x;
    const x2 = ahead ? b.x - 2 : b.x + BOX.small + 2;
    const bend = ahead ? Math.max(20, (x2 - x1) / 2) : 40;
    const text = placesTo(moment, from, to).join(", ");
    const label = ahead && text !== "root" ? svg("text", {
      x: x1 + 4, y: (y1 + y2) / 2 + (y2 >= y1 ? -6 : 14), class: "by short",
    }, shortened(placesTo(moment, from, to)[0] ?? "", 8)) : "";
    drawing.append(label, svg("path", {
      d: `M${x1} ${y1} C${x1 + bend} ${y1} ${ahead ? x2 - bend : x2 + bend} ${y2} ${x2} ${y2}`,
      class: "arrow", "marker-end": "url(#tips)",
    }, svg("title", {}, text)));
  }
  for (const [node, { x, y }] of spot) {
    drawing.append(box(moment, node, x, y, BOX.small, { target: node === target, must: must.has(node) }));
  }
  return drawing;
}

// A way in a line of texts, as suspects have it.
function wayLine(moment, way, most = 9) {
  return el("ol.wayline", { "aria-label": "The way from the roots" }, steps(moment, way, most).map((step) =>
    step.gap ? el("li.gap", {}, `${counted(step.gap)} more`)
      : el("li", {}, step.by.length && step.by[0] !== "root" ? el("span.by", {}, step.by[0]) : null, nodeLink(moment, step.node))));
}
