// Opens each file in the three readers, and compares what they find with what is in the snapshot.
//
//   node check.mjs FOLDER

import assert from 'node:assert/strict';
import fs from 'node:fs';
import {devtools, memlab, v8heapsnapshot} from './readers.mjs';

const folder = process.argv[2];
const read = name => JSON.parse(fs.readFileSync(`${folder}/${name}`, 'utf8'));
const sorted = map => [...map].sort(([a], [b]) => (a < b ? -1 : 1));
let rows = 0;

function compare(name, reader, opened, expected) {
  const where = `${name} in ${reader}`;
  assert.deepEqual(opened.warnings, [], where);
  assert.deepEqual([opened.nodes, opened.edges], [expected.nodes, expected.edges], where);
  assert.deepEqual(sorted(opened.classes), sorted(Object.entries(expected.classes)), where);
  for (const row of expected.rows) {
    const found = opened.rows.get(row.id);
    assert.ok(found, `${where}: no ${row.name} with id ${row.id}`);
    for (const [key, value] of Object.entries(found)) {
      assert.equal(value, row[key], `${where}: ${key} of ${row.name} with id ${row.id}`);
    }
    ++rows;
  }
  for (const {id, retainers} of expected.known) {
    assert.deepEqual(opened.retainers(id), retainers.sort(), where);
  }
}

for (const name of read('files.json')) {
  const expected = read(`${name}.json`);
  const times = [];
  for (const [reader, open] of Object.entries({devtools, memlab, v8heapsnapshot})) {
    const start = performance.now();
    const opened = await open(`${folder}/${name}.heapsnapshot`);
    times.push(`${reader} ${((performance.now() - start) / 1000).toFixed(1)} s`);
    compare(name, reader, opened, expected);
    if (reader === 'devtools') {
      // The view of classes has the distance of the nearest of each.
      for (const distance of opened.distances.values()) {
        assert.ok(distance >= 3 && distance < 100_000_000, `${name}: a class at distance ${distance}`);
      }
    }
    if (reader === 'memlab') {
      for (const {id} of expected.known) {
        const row = expected.rows.find(row => row.id === id);
        assert.equal(opened.path(id).length, row.distance, `${name}: a shortest path to ${id}`);
      }
    }
  }
  console.log(`${name}: ${expected.nodes} nodes, ${expected.edges} edges; ${times.join(', ')}`);
}

for (const {earlier, later, diff} of read('comparisons.json')) {
  const [before, after] = [await devtools(`${folder}/${earlier}.heapsnapshot`), await devtools(`${folder}/${later}.heapsnapshot`)];
  const expected = Object.entries(diff);
  assert.deepEqual(sorted(after.compared(before)), sorted(expected), `${later} after ${earlier}`);
  const back = expected.map(([name, [entered, left]]) => [name, [left, entered]]);
  assert.deepEqual(sorted(before.compared(after)), sorted(back), `${earlier} after ${later}`);
}
console.log(`all as expected: ${rows} rows`);
