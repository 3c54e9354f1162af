"""Runs exported programs on other engines: see `run` beside this file.

    seeds ── batches ──▶ mangrove stress export ──▶ folder ──▶ engine ──▶ verdicts, counted

Batches are written, run and removed, so that many programs take little room. Before an
engine's verdicts count for anything, it must find the wrong one of two programs: one is
written with an expectation that is not met.
"""

import argparse
import collections
import concurrent.futures
import json
import os
import pathlib
import shutil
import subprocess
import sys

import engines


def main():
    arguments = parse()
    start, _, stop = arguments.seeds.partition("..")
    start, stop = int(start), int(stop)
    engine = choose(arguments)
    work = pathlib.Path(arguments.work) / arguments.engine
    shutil.rmtree(work, ignore_errors=True)
    notices_what_is_wrong(arguments, engine, work)
    seeds = range(start, stop, arguments.batch)
    batches = [(first, min(first + arguments.batch, stop)) for first in seeds]
    counts, findings = collections.Counter(), []
    with concurrent.futures.ThreadPoolExecutor(arguments.jobs) as pool:
        played = pool.map(lambda batch: play(arguments, engine, work, batch), batches)
        for done, (verdicts, left_out) in enumerate(played, 1):
            counts["left out"] += left_out
            for name, (verdict, why) in verdicts.items():
                counts[verdict] += 1
                if verdict != engines.AGREES:
                    findings.append(f"{os.path.basename(name)}: {verdict} {why}")
            if done % 10 == 0:
                print(f"{done} of {len(batches)} batches: {dict(counts)}", file=sys.stderr)
    print(f"{arguments.engine}, {arguments.suite}, seeds {arguments.seeds}")
    for verdict, count in sorted(counts.items()):
        print(f"{count:8} {verdict}")
    for finding in findings[:arguments.show]:
        print(finding)
    if len(findings) > arguments.show:
        print(f"... and {len(findings) - arguments.show} more")
    return 1 if counts[engines.DIFFERS] or counts[engines.HANGS] else 0


def parse():
    parser = argparse.ArgumentParser(prog="tools/corpus/run")
    parser.add_argument("engine", choices=["v8", "wasmtime", "binaryen", "wizard",
                                           "wizard-spc", "reference"])
    parser.add_argument("--seeds", default="0..1000", help="A..B, the last one excluded")
    parser.add_argument("--suite", default="random", help="suites, joined with commas")
    parser.add_argument("--scale", default="1", help="size of the programs")
    parser.add_argument("--without", default="", help="features whose programs are left out")
    parser.add_argument("--batch", type=int, default=200, help="seeds at a time")
    parser.add_argument("--jobs", type=int, default=1, help="batches at a time")
    parser.add_argument("--show", type=int, default=20, help="programs to name that do not agree")
    parser.add_argument("--work", default=os.environ.get("CORPUS_WORK"), help="where to write")
    parser.add_argument("--mangrove", default=os.environ.get("MANGROVE"))
    return parser.parse_args()


def choose(arguments):
    """The engine of a name; `run` says in the environment where it is."""
    program = os.environ["ENGINE"]
    match arguments.engine:
        case "v8":
            # A phase of its optimizer gives up on all of these programs.
            flags = ["--experimental-wasm-wasmfx", "--no-turboshaft-wasm-load-elimination"]
            driver = str(pathlib.Path(__file__).parent / "v8.mjs")
            return engines.Driver([program, *flags, "--expose-gc", driver])
        case "wasmtime":
            return engines.Driver([program])
        case "binaryen":
            return engines.Binaryen(program)
        case "wizard":
            return engines.Wizard(program, "int")
        case "wizard-spc":
            return engines.Wizard(program, "spc")
        case "reference":
            return engines.Reference(program)


def export(arguments, engine, folder, seeds):
    """Writes the programs; their names without the dot, and how many were left out."""
    command = [arguments.mangrove, "stress", "export", str(folder), "--suite", arguments.suite,
               "--seeds", seeds, "--scale", arguments.scale, "--form", engine.forms]
    if arguments.without:
        command += ["--without", arguments.without]
    told = subprocess.run(command, check=True, text=True, stdout=subprocess.PIPE).stdout
    left_out = sum(int(line.rsplit(", ", 1)[1].split()[0]) for line in told.splitlines()
                   if line.endswith(" left out"))
    return sorted(str(path)[:-len(".json")] for path in folder.glob("*.json")), left_out


def play(arguments, engine, work, batch):
    folder = work / f"{batch[0]}"
    names, left_out = export(arguments, engine, folder, f"{batch[0]}..{batch[1]}")
    verdicts = engine.play(names) if names else {}
    assert set(verdicts) == set(names), "a program has no verdict"
    shutil.rmtree(folder)
    return verdicts, left_out


def notices_what_is_wrong(arguments, engine, work):
    """One of two programs is made to expect something else: that one must be named."""
    folder = work / "wrong"
    with_wrong = argparse.Namespace(**vars(arguments) | {"suite": "random", "scale": "0.02"})
    # Among these are two that any engine can run.
    names, _ = export(with_wrong, engine, folder, "0..40")
    verdicts = engine.play(names)
    right = [name for name in names if verdicts[name][0] == engines.AGREES
             and "returns" in json.loads(pathlib.Path(f"{name}.json").read_text(encoding="utf-8"))["expects"]]
    if len(right) < 2:
        sys.exit(f"{arguments.engine} agrees with no two of the first programs: {list(verdicts.items())[:3]}")
    wrong = right[1]
    facts = json.loads(pathlib.Path(f"{wrong}.json").read_text(encoding="utf-8"))
    value = facts["expects"]["returns"][0]["value"]
    other = str(int(value) ^ 1)
    facts["expects"]["returns"][0]["value"] = other
    pathlib.Path(f"{wrong}.json").write_text(json.dumps(facts), encoding="utf-8")
    script = pathlib.Path(f"{wrong}.{getattr(engine, 'form', 'wasm')}")
    if script.suffix == ".wast":
        text = script.read_text(encoding="utf-8")
        expected = f"(i64.const {value}))\n(assert_return (get"
        assert text.count(expected) == 1
        script.write_text(text.replace(expected, expected.replace(value, other)), encoding="utf-8")
    verdicts = engine.play(right[:2])
    if [verdicts[name][0] for name in right[:2]] != [engines.AGREES, engines.DIFFERS]:
        sys.exit(f"{arguments.engine} does not notice what is wrong: {verdicts}")
    shutil.rmtree(folder)


if __name__ == "__main__":
    sys.exit(main())
