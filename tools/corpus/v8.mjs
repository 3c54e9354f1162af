// Runs exported programs on V8: the files named on standard input, one a line, without what
// comes after the dot. For each it prints `begin NAME`, and then `agrees`, `differs WHAT` or
// `refuses WHY`, so that who reads it knows at which one V8 died.
//
// With --expose-gc V8 collects for every fourth request of a program, for one of 64 in full.
// Each takes it from a third of a millisecond to several, and programs ask up to a hundred times.

import { readFileSync, writeSync } from "node:fs";

// Not console.log, which may write later than V8 dies.
const say = (line) => writeSync(1, `${line.replaceAll("\n", " ")}\n`);
let asked = 0;
function collect() {
  asked += 1;
  if (asked % 4 === 0) globalThis.gc?.({ type: asked % 64 === 0 ? "major" : "minor" });
}

function argument({ type, value }) {
  return type === "i64" ? BigInt(value) : Number(value);
}

/** How a call ended: the result, or why there is none. */
function outcome(call) {
  try {
    return { returns: call() };
  } catch (error) {
    if (error instanceof WebAssembly.Exception) return { throws: true };
    // Traps are errors of WebAssembly; a RangeError is a limit of V8's own.
    const trap = error instanceof WebAssembly.RuntimeError || error.name === "SuspendError";
    return { [trap ? "traps" : "fails"]: String(error) };
  }
}

/** What is wrong with how it ended; nothing if that is as it must be. */
function difference(expects, ended) {
  const [wanted] = Object.keys(expects);
  if (!(wanted in ended)) return `${JSON.stringify(ended, show)}, not ${JSON.stringify(expects)}`;
  if (wanted === "returns" && ended.returns !== argument(expects.returns[0])) {
    return `${ended.returns}, not ${expects.returns[0].value}`;
  }
  return undefined;
}

const show = (_, value) => (typeof value === "bigint" ? String(value) : value);

function play(name) {
  const facts = JSON.parse(readFileSync(`${name}.json`, "utf8"));
  let instance;
  try {
    const module = new WebAssembly.Module(readFileSync(`${name}.wasm`));
    instance = new WebAssembly.Instance(module, { gc: { collect } });
  } catch (error) {
    return `refuses ${error}`;
  }
  const run = instance.exports[facts.invoke];
  let wrong = difference(facts.expects, outcome(() => run(...facts.arguments.map(argument))));
  for (const global of facts.globals) {
    const found = instance.exports[global.name].value;
    if (found !== argument(global)) wrong ??= `${global.name} is ${found}, not ${global.value}`;
  }
  return wrong === undefined ? "agrees" : `differs ${wrong}`;
}

for (const name of readFileSync(0, "utf8").split("\n").filter(Boolean)) {
  say(`begin ${name}`);
  say(play(name));
}
