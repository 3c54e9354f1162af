// Drawings of ways: boxes for nodes, arrows for references, in SVG.

const BOX = { width: 312, height: 38, gap: 34, layer: 258, small: 180, roots: 92, row: 58 };

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

// A place in a few letters: its name, if it has one.
function shortPlace(text) {
  return shortened(/\$[^\s,)]+/.exec(text)?.[0] ?? text, 11);
}

// Several ways in one drawing, from left to right. A reference over several columns is led
// through points of its own in each, so that no line crosses a box.
function layered(all) {
  const edges = new Map();
  for (const { nodes } of all) {
    for (let i = 1; i < nodes.length; i++) edges.set(`${nodes[i - 1]}>${nodes[i]}`, [nodes[i - 1], nodes[i]]);
  }
  const nodes = [...new Set(all.flatMap((way) => way.nodes))];
  const column = columnsOfWays([...edges.values()], nodes.length);
  const layers = [];
  const put = (item, x) => (layers[x] ??= []).push(item);
  for (const node of nodes) put({ node, from: [] }, column(node));
  const items = new Map(layers.flat().map((item) => [item.node, item]));
  const lines = [...edges.values()].map(([from, to]) => {
    const points = [items.get(from)];
    for (let x = column(from) + 1; x < column(to); x++) {
      const point = { from: [points[points.length - 1]] };
      put(point, x);
      points.push(point);
    }
    points.push(items.get(to));
    items.get(to).from.push(points[points.length - 2]);
    return { from, to, points };
  });
  // Each column in the order of the middle of what leads to it.
  const present = layers.filter((layer) => layer);
  const rows = Math.max(...present.map((layer) => layer.length));
  present.forEach((layer, x) => {
    const middle = ({ from }) => from.length ? from.reduce((sum, item) => sum + (item.y ?? 0), 0) / from.length : 0;
    if (x > 0) layer.sort((a, b) => middle(a) - middle(b));
    layer.forEach((item, i) => {
      item.x = x === 0 ? 2 : x * BOX.layer + 2 - BOX.small + BOX.roots;
      item.width = x === 0 ? BOX.roots : BOX.small;
      item.y = (rows - layer.length) * BOX.row / 2 + i * BOX.row + 10;
    });
  });
  return { layers: present, lines, width: (present.length - 1) * BOX.layer + BOX.roots + 4, height: rows * BOX.row + 8 };
}

function drawWays(moment, all) {
  const target = all[0].nodes[all[0].nodes.length - 1];
  const must = passed(moment, target);
  const { layers, lines, width, height } = layered(all);
  const drawing = svg("svg", {
    class: "ways", viewBox: `0 0 ${width} ${height}`, width, height, role: "group",
    "aria-label": `${all.length} ways from the roots`,
  }, marker("tips"));
  // Made a little smaller rather than scrolled.
  drawing.style.width = "100%";
  drawing.style.height = "auto";
  drawing.style.minWidth = `${width * 0.8}px`;
  drawing.style.maxWidth = `${width}px`;
  const half = BOX.height / 2;
  for (const { from, to, points } of lines) {
    const names = placesTo(moment, from, to);
    let path = `M${points[0].x + points[0].width} ${points[0].y + half}`;
    for (let i = 1; i < points.length; i++) {
      const [a, b] = [points[i - 1], points[i]];
      const [x1, y1, x2, y2] = [a.x + a.width, a.y + half, b.x - (b.node === undefined ? 0 : 2), b.y + half];
      const bend = Math.abs(x2 - x1) / 2;
      path += ` C${x1 + bend} ${y1} ${x2 - bend} ${y2} ${x2} ${y2}`;
      if (b.node === undefined) path += ` H${b.x + b.width}`;
    }
    drawing.append(svg("path", { d: path, class: "arrow", "marker-end": "url(#tips)" }, svg("title", {}, names.join(", "))));
    if (from !== 0 && names.length) {
      // Beside the end at which it is alone, if there is one.
      const [start, second, before, end] = [points[0], points[1], points[points.length - 2], points[points.length - 1]];
      const atStart = lines.filter((line) => line.from === from).length === 1;
      drawing.append(svg("text", atStart
        ? { x: start.x + start.width + 6, y: start.y + half + (second.y < start.y ? 14 : -6), class: "by" }
        : { x: end.x - 10, y: end.y + half + (before.y > end.y ? 15 : -7), class: "by", "text-anchor": "end" },
      shortPlace(names[0])));
    }
  }
  for (const item of layers.flat()) {
    if (item.node === undefined) continue;
    drawing.append(box(moment, item.node, item.x, item.y, item.width, { target: item.node === target, must: must.has(item.node) }));
  }
  return drawing;
}

// A way in a line of texts, as suspects have it.
function wayLine(moment, way, most = 9) {
  return el("ol.wayline", { "aria-label": "The way from the roots" }, steps(moment, way, most).map((step) =>
    step.gap ? el("li.gap", {}, `${counted(step.gap)} more`)
      : el("li", {}, step.by.length && step.by[0] !== "root" ? el("span.by", {}, step.by[0]) : null, nodeLink(moment, step.node))));
}
