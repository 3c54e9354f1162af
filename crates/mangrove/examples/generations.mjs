// V8's part of generations.rs, of which it is told the module on stdin: the same
// with as many continuations as V8 holds. Prints a table.
import { readFileSync } from "node:fs";
import { PerformanceObserver, constants } from "node:perf_hooks";

const COUNTS = [0, 10_000, 30_000];
const WOKEN = 1_000;
const STRUCTS = 50_000_000;
// Structs that about fill its young space of 16 MiB once.
const CHUNK = 700_000;
const TURNS = 5;

let pauses = [];
const minor = (entry) => entry.detail.kind === constants.NODE_PERFORMANCE_GC_MINOR;
const observer = new PerformanceObserver((list) => {
  pauses.push(...list.getEntries().filter(minor).map((entry) => entry.duration * 1e3));
});
observer.observe({ entryTypes: ["gc"] });

// Pauses, in microseconds, of the minor collections in `run`.
async function pausesOf(run) {
  await new Promise(setImmediate);
  pauses = [];
  run();
  // What was observed is delivered after the script has given way.
  for (let turn = 0; turn < 3; turn++) await new Promise(setImmediate);
  return pauses.sort((a, b) => a - b);
}

const at = (sorted, part) => sorted[Math.round(part * (sorted.length - 1))];
const figures = (sorted) =>
  [0, 0.5, 0.99, 1].map((part) => at(sorted, part)?.toFixed(1) ?? "").join(" | ");

const module = new WebAssembly.Module(readFileSync(0));
const none = {};
console.log("| V8, suspended | woken | minor pause, µs: least | median | p99 | most | ns a struct | to none |");
console.log("|-|-|-|-|-|-|-|-|");
for (const count of COUNTS) {
  const { make, wake, garbage } = new WebAssembly.Instance(module).exports;
  make(count);
  garbage(STRUCTS);
  const times = [];
  const quiet = await pausesOf(() => {
    for (let turn = 0; turn < TURNS; turn++) {
      const start = process.hrtime.bigint();
      garbage(STRUCTS);
      times.push(Number(process.hrtime.bigint() - start) / STRUCTS);
    }
  });
  const time = at(times.sort((a, b) => a - b), 0.5);
  none.time ??= time;
  console.log(`| ${count} | 0 | ${figures(quiet)} | ${time.toFixed(2)} | ${(time / none.time).toFixed(2)} |`);
  if (count === 0) continue;
  const woken = await pausesOf(() => {
    for (let from = 0, turn = 0; turn < 200; turn++) {
      wake(from, WOKEN);
      from = (from + WOKEN) % count;
      garbage(CHUNK);
    }
  });
  console.log(`| ${count} | ${WOKEN} | ${figures(woken)} | | |`);
}
