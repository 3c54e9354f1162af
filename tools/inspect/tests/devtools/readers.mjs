// The three readers, behind one face each: open(path) gives
//   nodes, edges           how many there are
//   rows                   by id: {name, size, retained, distance}; what a reader does not know is left out
//   classes                by name: how many, as a person sees them; none if the reader has no classes
//   retainers(id)          lines of "type name id"
//   warnings               what the reader said

import fs from 'node:fs';
import {createRequire} from 'node:module';
import {HeapSnapshotLoader, SecondaryInitManager} from './devtools.mjs';

const require = createRequire(import.meta.url);

/** What a reader says on the console while it reads. */
async function listening(read) {
  const said = [];
  const names = ['log', 'warn', 'error', 'info'];
  const before = names.map(name => console[name]);
  names.forEach(name => { console[name] = (...what) => said.push(what.join(' ')); });
  try {
    return {...await read(), warnings: said};
  } finally {
    names.forEach((name, index) => { console[name] = before[index]; });
  }
}

export async function devtools(path) {
  const problems = [];
  const progress = {sendEvent: (name, data) => name.includes('Problem') && problems.push(data)};
  const loader = new HeapSnapshotLoader(progress);
  for await (const chunk of fs.createReadStream(path, {encoding: 'utf8', highWaterMark: 1 << 20})) {
    loader.write(chunk);
  }
  loader.close();
  const channel = new MessageChannel();
  new SecondaryInitManager(channel.port2);
  const snapshot = await loader.buildSnapshot(channel.port1);
  channel.port1.close();
  const rows = new Map();
  const places = new Map();
  for (let place = 0; place < snapshot.nodes.length; place += snapshot.nodeFieldCount) {
    const node = snapshot.createNode(place);
    rows.set(node.id(), {
      name: node.name(),
      size: node.selfSize(),
      retained: node.retainedSize(),
      distance: node.distance(),
    });
    places.set(node.id(), place);
  }
  const seen = snapshot.getAggregatesByClassKey(false, 'allObjects');
  const classes = new Map(Object.values(seen).map(({name, count}) => [name, count]));
  return {
    nodes: rows.size,
    edges: snapshot.containmentEdges.length / 3,
    rows,
    classes,
    distances: new Map(Object.values(seen).map(({name, distance}) => [name, distance])),
    // As the view of retainers shows them: without weak ones.
    retainers(id) {
      const lines = [];
      const shown = snapshot.retainingEdgesFilter();
      for (const edges = snapshot.createNode(places.get(id)).retainers(); edges.hasNext(); edges.next()) {
        const edge = edges.retainer ?? edges.item();
        if (shown(edge)) {
          lines.push(`${edge.type()} ${edge.name()} ${edge.node().id()}`);
        }
      }
      return lines.sort();
    },
    /** What a comparison with an earlier snapshot shows: by class, how many entered and left. */
    compared(before) {
      const base = before.snapshot.aggregatesForDiff('[]');
      const diff = snapshot.calculateSnapshotDiff('before', base);
      return new Map(Object.values(diff).map(({name, addedCount, removedCount}) => [name, [addedCount, removedCount]]));
    },
    snapshot,
    warnings: problems,
  };
}

export async function memlab(path) {
  const {config} = require('@memlab/core');
  const {getFullHeapFromFile} = require('@memlab/heap-analysis');
  config.muteConsole = true;
  const heap = await getFullHeapFromFile(path);
  const rows = new Map();
  const classes = new Map();
  heap.nodes.forEach(node => {
    rows.set(node.id, {name: node.name, size: node.self_size, retained: node.retainedSize});
    if (node.self_size > 0) {
      classes.set(node.name, (classes.get(node.name) ?? 0) + 1);
    }
  });
  return {
    nodes: heap.nodes.length,
    edges: heap.edges.length,
    rows,
    classes,
    retainers: id => heap.getNodeById(id).referrers
        .filter(edge => edge.type !== 'weak')
        .map(edge => `${edge.type} ${edge.name_or_index} ${edge.fromNode.id}`)
        .sort(),
    /** The ids of a shortest path from the root. */
    path(id) {
      const ids = [];
      for (let node = heap.getNodeById(id); node; node = node.pathEdge?.fromNode) {
        ids.unshift(node.id);
      }
      return ids;
    },
    warnings: [],
  };
}

export async function v8heapsnapshot(path) {
  const {parseSnapshot} = require('v8-heapsnapshot');
  return listening(async () => {
    const snapshot = await parseSnapshot(fs.readFileSync(path, 'utf8'));
    const classes = new Map();
    for (const {name, self_size} of snapshot.nodes) {
      if (self_size > 0) {
        classes.set(name, (classes.get(name) ?? 0) + 1);
      }
    }
    return {
      nodes: snapshot.nodes.length,
      edges: snapshot.nodes.reduce((sum, node) => sum + node.out_edges.length, 0),
      rows: new Map(snapshot.nodes.map(({id, name, self_size}) => [id, {name, size: self_size}])),
      classes,
      retainers: id => snapshot.findNodeById(id).in_edges
          .filter(edge => edge.type !== 'weak')
          .map(edge => `${edge.type} ${edge.name} ${edge.from.id}`)
          .sort(),
    };
  });
}
