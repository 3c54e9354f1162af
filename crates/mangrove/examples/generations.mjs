// V8's part of generations.rs, which sends the module on stdin and names the number of
// continuations on the command line. Prints a row.
import { readFileSync } from "node:fs";
import { PerformanceObserver, constants } from "node:perf_hooks";

const WOKEN = 1_000;
const STRUCTS = 10_000_000;
// Structs that fill a young space of 16 MiB about once.
const CHUNK = 700_000;
const TURNS = 9;

const count = Number(process.argv.at(-1));
let pauses = [];
const isMinor = (entry) => entry.detail.kind === constants.NODE_PERFORMANCE_GC_MINOR;
const observer = new PerformanceObserver((list) => {
  pauses.push(...list.getEntries().filter(isMinor).map((entry) => entry.duration * 1e3));
});
observer.observe({ entryTypes: ["gc"] });

// Pauses, in microseconds, of the minor collections in `run`.
async function pausesOf(run) {
  await new Promise(setImmediate);
  pauses = [];
  run();
  // What was observed is delivered when the script gives way.
  for (let turn = 0; turn < 3; turn++) await new Promise(setImmediate);
  return pauses.sort((a, b) => a - b);
}

const at = (sorted, part) => sorted[Math.round(part * (sorted.length - 1))];
const figures = (sorted) => [
  ...[0, 0.5, 0.99, 1].map((part) => at(sorted, part)?.toFixed(1) ?? ""),
  sorted.length,
];

const { instance } = await WebAssembly.instantiate(readFileSync(0));
const { make, wake, garbage } = instance.exports;
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
const woken = await pausesOf(() => {
  for (let from = 0, turn = 0; count > 0 && turn < 100; turn++) {
    wake(from, WOKEN);
    from = (from + WOKEN) % count;
    garbage(CHUNK);
  }
});
const time = at(times.sort((a, b) => a - b), 0.5).toFixed(2);
console.log(`| ${[count, ...figures(quiet), ...figures(woken), time].join(" | ")} |`);
