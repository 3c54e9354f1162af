// Builds MoonBit programs as WebAssembly with garbage collection.
//
//   node tools/moonbit/build.mjs OUT [PROGRAM.mbt…]
//
// The compiler and the sources of its core library come with a package of npm,
// which is installed into a cache folder: $MANGROVE_MOONBIT_CACHE, or
// `mangrove-moonbit` in the user's cache. The package holds the core library
// compiled for JavaScript only, so it is compiled here for WebAssembly first:
//
//   package ──extract──▶ sources, packages.json ──buildPackage, in the order of
//   their dependencies──▶ core ─┐
//   PROGRAM.mbt ──buildPackage──┴─linkCore──▶ OUT/PROGRAM.wasm
//
// A program exports `_start` and imports spectest.print_char only. The compiler
// prints warnings, some about its own library.

import { execFileSync } from "node:child_process";
import fs from "node:fs";
import { createRequire } from "node:module";
import os from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";

const PACKAGE = "@moonbit/moonpad-monaco";
const VERSION = "0.1.202602255";
const TARGET = "wasm-gc";

/** Installs the package unless it is there, and returns its `dist` folder. */
function install() {
  const home = process.env.XDG_CACHE_HOME ?? path.join(os.homedir(), ".cache");
  const cache = process.env.MANGROVE_MOONBIT_CACHE ?? path.join(home, "mangrove-moonbit");
  const dist = path.join(cache, "node_modules", PACKAGE, "dist");
  if (!fs.existsSync(dist)) {
    fs.mkdirSync(cache, { recursive: true });
    fs.writeFileSync(path.join(cache, "package.json"), "{}");
    const options = ["--ignore-scripts", "--no-audit", "--no-fund", "--legacy-peer-deps"];
    execFileSync("npm", ["install", ...options, `${PACKAGE}@${VERSION}`], {
      cwd: cache,
      stdio: ["ignore", "ignore", "inherit"],
    });
  }
  return dist;
}

/** The files of the core library: they stand in the package's main file as
 * constants in base64, which a table names by path. */
function coreFiles(dist) {
  const text = fs.readFileSync(path.join(dist, "moonpad-monaco.js"), "utf8");
  const constants = new Map();
  for (const [, name, base64] of text.matchAll(/[\s,]([\w$]+) = d\("([A-Za-z0-9+/=]*)"\)/g)) {
    constants.set(name, base64);
  }
  const files = new Map();
  for (const [, file, name] of text.matchAll(/^i\["([^"]+)"\] = ([\w$]+);$/gm)) {
    files.set(file, Buffer.from(constants.get(name), "base64"));
  }
  return files;
}

/** Starts the compiler, which believes to be a web worker: a function that
 * sends it a message and returns what it answers. */
async function compiler(dist) {
  let receive;
  const answers = new Map();
  globalThis.addEventListener = (_, listener) => (receive = listener);
  globalThis.postMessage = (message) => answers.get(message.id)(message);
  // It is a CommonJS script in a package that says its scripts are not.
  const script = fs.readFileSync(path.join(dist, "moonc-worker.js"), "utf8");
  new Function("require", script)(createRequire(import.meta.url));
  let id = 0;
  return async (name, params) => {
    id += 1;
    const argumentList = [{ type: "RAW", value: params }];
    const answer = new Promise((resolve) => answers.set(`${id}`, resolve));
    receive({ origin: "", data: { id: `${id}`, type: "APPLY", path: [name], argumentList } });
    const { type, value } = await answer;
    if (type === "HANDLER") throw new Error(`${name}: ${value.value?.message ?? value.value}`);
    return value;
  };
}

/** Compiles one package, or says what is wrong with it. */
async function buildPackage(call, pkg, mbtFiles, { direct, std }, isMain) {
  const { core, mi, diagnostics } = await call("buildPackage", {
    mbtFiles,
    miFiles: direct,
    indirectImportMiFiles: [],
    stdMiFiles: std,
    target: TARGET,
    pkg,
    pkgSources: [`${pkg}:moonbit-core:/${pkg}`],
    isMain,
    errorFormat: "human",
    enableValueTracing: false,
    noOpt: false,
  });
  if (core === undefined) throw new Error(`${pkg}:\n${diagnostics.join("\n")}`);
  return { core, mi };
}

/** Compiles the core library, its packages in the order of their dependencies. */
async function buildCore(call, files) {
  const text = files.get("/lib/core/_build/packages.json").toString();
  const packages = new Map();
  for (const each of JSON.parse(text).packages) packages.set(each.rel, each);
  const built = new Map();
  const visit = async (rel) => {
    if (built.has(rel)) return;
    const each = packages.get(rel);
    const deps = each.deps.map((dep) => dep.path.replace("moonbitlang/core/", ""));
    for (const dep of deps) await visit(dep);
    const sources = Object.entries(each.files)
      .filter(([, use]) => use.backend.includes("WasmGC") && use.optlevel.includes("Release"))
      .map(([name]) => name.replace("moonbit-core:", ""))
      .map((name) => [name, files.get(name).toString()]);
    // Some packages call methods of types they only get from those they
    // import: everything there is counts as imported, the rest by its path.
    const aliases = new Map(deps.map((dep, at) => [dep, each.deps[at].alias]));
    const direct = [...built].map(([dep, { mi }]) => [`/${dep}.mi:${aliases.get(dep) ?? dep}`, mi]);
    const pkg = `moonbitlang/core/${rel}`;
    built.set(rel, await buildPackage(call, pkg, sources, { direct, std: [] }, false));
  };
  for (const rel of packages.keys()) await visit(rel);
  return built;
}

/** The interfaces of packages, with the names of their files. */
function interfaces(built) {
  return [...built].map(([rel, { mi }]) => [`/lib/core/${rel}/${path.basename(rel)}.mi`, mi]);
}

async function main([out, ...programs]) {
  if (out === undefined) throw new Error("usage: build.mjs OUT [PROGRAM.mbt…]");
  if (programs.length === 0) {
    const folder = path.join(path.dirname(fileURLToPath(import.meta.url)), "programs");
    programs = fs.readdirSync(folder).sort().map((name) => path.join(folder, name));
  }
  const dist = install();
  const call = await compiler(dist);
  const core = await buildCore(call, coreFiles(dist));
  const imports = { direct: [], std: interfaces(core) };
  fs.mkdirSync(out, { recursive: true });
  for (const program of programs) {
    const name = path.basename(program, ".mbt");
    const sources = [[`/${name}.mbt`, fs.readFileSync(program, "utf8")]];
    const built = await buildPackage(call, "mangrove/main", sources, imports, true);
    const { result } = await call("linkCore", {
      coreFiles: [...[...core.values()].map((each) => each.core), built.core],
      main: "mangrove/main",
      pkgSources: ["mangrove/main:moonpad:/", "moonbitlang/core:moonbit-core:/lib/core"],
      target: TARGET,
      exportedFunctions: [],
      outputFormat: "wasm",
      testMode: false,
      debug: false,
      noOpt: false,
      sourceMap: false,
      sources: {},
      stopOnMain: false,
    });
    fs.writeFileSync(path.join(out, `${name}.wasm`), result);
    console.log(`${name}.wasm: ${result.length} bytes`);
  }
}

main(process.argv.slice(2)).catch((error) => {
  console.error(`build.mjs: ${error.message}`);
  process.exit(1);
});
