// Runs a program's `run` once to warm up and once with a clock around it. The
// module comes on stdin, the argument is the last on the command line.
import { readFileSync } from "node:fs";

const { instance } = await WebAssembly.instantiate(readFileSync(0));
const { run } = instance.exports;
const arg = Number(process.argv.at(-1));
const warm = run(arg);
const start = process.hrtime.bigint();
const timed = run(arg);
const nanos = Number(process.hrtime.bigint() - start);
const checksum = BigInt.asIntN(64, warm * 31n + timed);
const status = readFileSync("/proc/self/status", "utf8");
const bytes = (field) => 1024 * Number(new RegExp(`^${field}:\\s*(\\d+)`, "m").exec(status)[1]);
const peak_bytes = bytes("VmHWM") + bytes("VmPTE");
// The checksum may have more digits than a JavaScript number.
console.log(`{"nanos":${nanos},"checksum":${checksum},"peak_bytes":${peak_bytes}}`);
