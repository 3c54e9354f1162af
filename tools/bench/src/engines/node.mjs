// Runs a program's `run`, or the whole program, once to warm up and once with a clock
// around it. The module comes on stdin, the argument is the last on the command line.
import { readFileSync } from "node:fs";

const program = await WebAssembly.compile(readFileSync(0));
/** Starts a new instance, and mixes what it prints. */
function start() {
  let text = 0n;
  const print_char = (character) => (text = BigInt.asIntN(64, text * 31n + BigInt(character)));
  new WebAssembly.Instance(program, { spectest: { print_char } }).exports._start();
  return text;
}
const whole = WebAssembly.Module.exports(program).some(({ name }) => name === "_start");
const run = whole ? start : new WebAssembly.Instance(program).exports.run;
const arg = Number(process.argv.at(-1));
const warm = run(arg);
const before = process.hrtime.bigint();
const timed = run(arg);
const nanos = Number(process.hrtime.bigint() - before);
const checksum = BigInt.asIntN(64, warm * 31n + timed);
const status = readFileSync("/proc/self/status", "utf8");
const bytes = (field) => 1024 * Number(new RegExp(`^${field}:\\s*(\\d+)`, "m").exec(status)[1]);
const peak_bytes = bytes("VmHWM") + bytes("VmPTE");
// The checksum may have more digits than a JavaScript number.
console.log(`{"nanos":${nanos},"checksum":${checksum},"peak_bytes":${peak_bytes}}`);
