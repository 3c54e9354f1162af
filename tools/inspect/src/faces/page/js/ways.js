// Why a node is alive: the ways to it from the roots, as far as they are in the page.

// A way is the list of its nodes, from the roots on, and how many are missing before the first.

// The shortest way, along the nodes that the encoder found to be before each other.
function shortest(moment, node) {
  const nodes = [node];
  let at = node;
  while (moment.parents[at] >= 0) nodes.push(at = moment.parents[at]);
  nodes.reverse();
  return { nodes, missing: Math.max(0, moment.depths[nodes[0]]) };
}

// The first ways, the shortest first: at most `most`. From the node towards the roots, always on
// from the way whose length with the rest, which is known exactly, is least. Way after way comes
// out in order; work is bounded, and `more` tells that there may be others.
function ways(moment, node, most) {
  const found = [];
  if (moment.depths[node] < 0) return { ways: [], more: false };
  const first = shortest(moment, node);
  if (first.missing === 0) found.push(first);
  if (moment.depths[node] > 20000) return { ways: found.length ? found : [first], more: true };
  const { first: start, from } = moment.back;
  const queue = [];
  const push = (step) => {
    const length = step.length + moment.depths[step.node];
    (queue[length] ??= []).push(step);
  };
  push({ node, length: 0, next: null, strays: false });
  let work = 0;
  for (let length = 0; length < queue.length; length++) {
    const steps = queue[length] ?? [];
    while (steps.length > 0 && found.length < most && work < 200000) {
      const step = steps.pop();
      if (step.node === 0) {
        const way = unrolled(step);
        if (found.length === 0 || !same(found[0].nodes, way)) found.push({ nodes: way, missing: 0 });
        continue;
      }
      let last = -1;
      for (let i = start[step.node]; i < start[step.node + 1] && work < 200000; i++) {
        const before = from[i];
        if (before === last || moment.depths[before] < 0) continue;
        last = before;
        const strays = step.strays || moment.depths[before] >= moment.depths[step.node];
        work++;
        // Only a way that once led away from the roots can meet a node again.
        if (strays) {
          let met = step;
          while (met && met.node !== before) [met, work] = [met.next, work + 1];
          if (met) continue;
        }
        push({ node: before, length: step.length + 1, next: step, strays });
      }
    }
    if (found.length >= most || work >= 200000) break;
  }
  const more = found.length >= most || work >= 200000 || moment.referrers[node] > start[node + 1] - start[node];
  return { ways: found.length ? found : [first], more };
}

function unrolled(step) {
  const nodes = [];
  for (let at = step; at; at = at.next) nodes.push(at.node);
  return nodes;
}

function same(a, b) {
  return a.length === b.length && a.every((node, i) => node === b[i]);
}

// The places through which one node refers to another.
function placesTo(moment, from, to) {
  const names = [];
  for (let edge = moment.first[from]; edge < moment.first[from + 1]; edge++) {
    if (moment.targets[edge] === to) names.push(placeName(moment, from, moment.places[edge]));
    if (names.length > 3) break;
  }
  return names;
}

// A way as steps to show: nodes, with what leads to each, and where a part is left out.
function steps(moment, way, most) {
  const { nodes, missing } = way;
  const shown = [];
  const step = (i) => shown.push({
    node: nodes[i],
    by: i > 0 ? placesTo(moment, nodes[i - 1], nodes[i]) : [],
  });
  if (missing > 0) shown.push({ gap: missing });
  if (nodes.length <= most) {
    for (let i = 0; i < nodes.length; i++) step(i);
    return shown;
  }
  const half = Math.floor(most / 2);
  for (let i = 0; i < half; i++) step(i);
  shown.push({ gap: nodes.length - 2 * half });
  for (let i = nodes.length - half; i < nodes.length; i++) step(i);
  return shown;
}
