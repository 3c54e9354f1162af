// What the page has: from columns of differences to arrays that are quick to walk. A node is
// its place in the page here; `ids` are the snapshot's numbers, which links name.

const KINDS = {
  r: "roots", g: "global", t: "table", s: "element segment", h: "host handle", w: "weak handle",
  c: "continuation", f: "frame", o: "object",
};
const STATES = { n: "fresh", r: "running", p: "parent", s: "suspended" };
const SPACES = { y: "young", o: "old", l: "large" };

// A number of the encoder that was folded, with its sign again.
function unfold(number) {
  return number % 2 === 0 ? number / 2 : -(number + 1) / 2;
}

// Running sums: differences to values.
function sums(steps, Kind) {
  const values = new Kind(steps.length);
  let value = 0;
  for (let i = 0; i < steps.length; i++) values[i] = value += steps[i];
  return values;
}

// Where each one's part begins, given how many each has; one more than there are.
function starts(counts) {
  const first = new Uint32Array(counts.length + 1);
  for (let i = 0; i < counts.length; i++) first[i + 1] = first[i] + counts[i];
  return first;
}

// Pairs of which few nodes have one.
function sparse(pairs) {
  return new Map(pairs);
}

// Names by their numbers in the snapshot: what the page does not speak of has none.
function namesOf({ counts, deeper, ...lists }) {
  const names = { counts, deeper: sparse(deeper) };
  for (const [list, pairs] of Object.entries(lists)) {
    names[list] = [];
    for (const [index, name] of pairs) names[list][index] = name;
  }
  return names;
}

class Moment {
  constructor(data, index) {
    const { nodes } = data;
    Object.assign(this, {
      index, about: data.about, names: namesOf(data.names), statistics: data.statistics, slotKinds: data.kinds,
      shapes: data.shapes, moreShapes: data.more_shapes, suspects: data.suspects,
      moreSuspects: data.more_suspects, forgotten: data.forgotten, run: data.run,
      kinds: nodes.kinds, count: nodes.ids.length,
    });
    this.ids = sums(nodes.ids, Uint32Array);
    this.bytes = Float64Array.from(nodes.bytes);
    this.retained = Float64Array.from(nodes.retained, (more, i) => more + nodes.bytes[i]);
    this.dominators = Int32Array.from(nodes.dominators, (back, i) => back === 0 ? -1 : i - back);
    this.parents = Int32Array.from(nodes.parents, (back, i) => back === 0 ? -1 : i - back);
    this.depths = Int32Array.from(nodes.depths);
    this.referrers = Uint32Array.from(nodes.referrers);
    this.omitted = sparse(nodes.omitted);
    this.readEdges(nodes);
    this.readRows(nodes);
  }

  // `targets`: nodes of the page, or -1 - sort for what is not in it.
  readEdges(nodes) {
    this.first = starts(nodes.edges);
    const count = nodes.targets.length;
    this.targets = new Int32Array(count);
    this.places = new Float64Array(count);
    for (let node = 0; node < this.count; node++) {
      let place = 0;
      for (let edge = this.first[node]; edge < this.first[node + 1]; edge++) {
        const coded = nodes.targets[edge];
        const value = Math.floor(coded / 2);
        this.targets[edge] = coded % 2 === 1 ? -1 - value : node + unfold(value);
        this.places[edge] = place += nodes.places[edge];
      }
    }
  }

  readRows(nodes) {
    const { fixed, continuations, frames, objects } = nodes;
    Object.assign(this, { fixed, continuations, frames, objects });
    this.clones = sparse(continuations.clones);
    this.lens = sparse(objects.lens);
    this.shown = sparse(objects.shown);
    this.offsets = sums(objects.offset, Float64Array);
    this.plain = new Map();
    for (const [node, place, value] of nodes.plain) {
      if (!this.plain.has(node)) this.plain.set(node, new Map());
      this.plain.get(node).set(place, value);
    }
    // Of each node: which of its kind it is, and of objects where their values begin.
    this.rows = new Uint32Array(this.count);
    this.valueStarts = new Uint32Array(objects.ty.length);
    const next = {};
    let value = 0;
    for (let node = 0; node < this.count; node++) {
      const kind = "gtshw".includes(this.kinds[node]) ? "fixed" : this.kinds[node];
      const row = this.rows[node] = next[kind] ?? 0;
      next[kind] = row + 1;
      if (kind !== "o") continue;
      this.valueStarts[row] = value;
      value += this.shownPlaces(node) - this.edgesBefore(node, this.shownPlaces(node));
    }
    this.continuationNodes = [];
    for (let node = 0; node < this.count; node++) {
      if (this.kinds[node] === "c") this.continuationNodes.push(node);
    }
  }

  // The node with this number of the snapshot, or -1.
  find(id) {
    let [low, high] = [0, this.count];
    while (low < high) {
      const middle = low + high >>> 1;
      if (this.ids[middle] < id) low = middle + 1; else high = middle;
    }
    return low < this.count && this.ids[low] === id ? low : -1;
  }

  // How many places an object has.
  placeCount(node) {
    const row = this.rows[node];
    const type = this.names.types[this.objects.ty[row]];
    if (!type) return 0;
    return type.kind === "array" ? this.lens.get(row) ?? 0 : type.len ?? type.fields.length;
  }

  // How many of them are in the page, from the first on.
  shownPlaces(node) {
    return this.shown.get(this.rows[node]) ?? this.placeCount(node);
  }

  // How many references of a node lie at places before this one.
  edgesBefore(node, place) {
    let [low, high] = [this.first[node], this.first[node + 1]];
    while (low < high) {
      const middle = low + high >>> 1;
      if (this.places[middle] < place) low = middle + 1; else high = middle;
    }
    return low - this.first[node];
  }

  // What is at a place of an object: { edge } or { value } or nothing, if that is not in the page.
  part(node, place) {
    const before = this.edgesBefore(node, place);
    const edge = this.first[node] + before;
    if (edge < this.first[node + 1] && this.places[edge] === place) return { edge };
    if (place >= this.shownPlaces(node)) return null;
    return { value: this.objects.values[this.valueStarts[this.rows[node]] + place - before] };
  }

  // The continuation of a frame, or -1: frames lie behind theirs.
  continuationOf(frame) {
    for (let node = frame - 1; node > 0; node--) {
      if (this.kinds[node] === "c") {
        const frames = this.continuations.frames[this.rows[node]];
        return this.ids[frame] <= this.ids[node] + frames ? node : -1;
      }
      if (this.kinds[node] !== "f") return -1;
    }
    return -1;
  }

  // The frames of a continuation that are in the page, by their index.
  framesOf(continuation) {
    const frames = new Map();
    for (let node = continuation + 1; node < this.count && this.kinds[node] === "f"; node++) {
      frames.set(this.frames.index[this.rows[node]], node);
    }
    return frames;
  }

  // The same continuation or object in another moment, or -1 if it is not there, or not known.
  sameIn(other, node) {
    const kind = this.kinds[node];
    if (this.run !== other.run || kind !== "c" && kind !== "o") return -1;
    const of = (moment, at) => kind === "c" ? moment.continuations.serial[moment.rows[at]]
      : moment.objects.identity[moment.rows[at]];
    const wanted = of(this, node);
    if (wanted === undefined) return -1;
    const key = `by ${kind}`;
    if (!other[key]) {
      other[key] = new Map();
      for (let at = 0; at < other.count; at++) if (other.kinds[at] === kind) other[key].set(of(other, at), at);
    }
    return other[key].get(wanted) ?? -1;
  }

  // References the other way round; those of weak handles hold nothing and are left out.
  get back() {
    if (this.backEdges) return this.backEdges;
    const counts = new Uint32Array(this.count);
    const each = (see) => {
      for (let node = 0; node < this.count; node++) {
        if (this.kinds[node] === "w") continue;
        for (let edge = this.first[node]; edge < this.first[node + 1]; edge++) {
          if (this.targets[edge] >= 0) see(this.targets[edge], node, edge);
        }
      }
    };
    each((to) => counts[to]++);
    const first = starts(counts);
    const next = first.slice();
    const from = new Uint32Array(first[this.count]);
    const edges = new Uint32Array(first[this.count]);
    each((to, node, edge) => {
      edges[next[to]] = edge;
      from[next[to]++] = node;
    });
    return this.backEdges = { first, from, edges };
  }

  // The nodes that each dominates, those that retain most first; -1 stands for no dominator.
  children(node) {
    if (!this.dominated) {
      const counts = new Uint32Array(this.count + 1);
      for (let child = 1; child < this.count; child++) counts[this.dominators[child] + 1]++;
      const first = starts(counts);
      const next = first.slice();
      const all = new Uint32Array(first[this.count + 1]);
      for (let child = 1; child < this.count; child++) all[next[this.dominators[child] + 1]++] = child;
      this.dominated = { first, all, sorted: new Set() };
    }
    const { first, all, sorted } = this.dominated;
    const children = all.subarray(first[node + 1], first[node + 2]);
    if (!sorted.has(node)) {
      children.sort((a, b) => this.retained[b] - this.retained[a] || a - b);
      sorted.add(node);
    }
    return children;
  }
}

const source = JSON.parse(document.getElementById("data").textContent);
const moments = source.moments.map((data, index) => new Moment(data, index));
const allChanges = source.changes;
