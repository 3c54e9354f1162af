"""How each engine is started, and how its words are read.

An engine takes files of exported programs and says of each what came of it: a pair of a
verdict and why. A process that dies or does not end costs the program it was at; the
others go on in a new one.
"""

import os
import re
import signal
import subprocess

# Seconds that a program may take: all of them end.
PATIENCE = 60

AGREES, DIFFERS, REFUSES, DIES, HANGS = "agrees", "differs", "refuses", "dies", "hangs"


def end(process):
    """Why a process ended, in a few words."""
    if process.returncode < 0:
        return signal.Signals(-process.returncode).name
    return f"exit code {process.returncode}"


def cause(text):
    """The line of what a dying engine wrote that says most."""
    plain = re.sub("\x1b\\[[0-9;]*m", "", text)
    lines = [line.strip(" #\t") for line in plain.splitlines()]
    lines = [line for line in lines if line and not line.startswith("0x")]
    said = ("Check failed", "panicked", "Fatal error", "FatalProcess", "unimplemented", "Exception")
    # Wizard's last words begin with an exclamation mark, perhaps in colour.
    telling = [line for line in lines if line.startswith("!") or any(word in line for word in said)]
    if not telling:
        return " ".join(lines[:1])
    # V8 says where, and then what, and a panic of Rust too.
    first = lines.index(telling[0])
    return " ".join(lines[first:first + 2])


class Driver:
    """An engine behind a program that reads names and prints `begin NAME` and a verdict."""

    forms = "wasm"

    def __init__(self, command):
        self.command = command

    def play(self, names):
        verdicts = {}
        while left := [name for name in names if name not in verdicts]:
            stopped = False
            try:
                process = subprocess.run(
                    self.command, input="\n".join(left) + "\n", text=True, errors="replace",
                    capture_output=True, timeout=PATIENCE + len(left), check=False)
                out, err = process.stdout, process.stderr
            except subprocess.TimeoutExpired as error:
                out = (error.stdout or b"").decode(errors="replace")
                err, stopped = "", True
            at = None
            for line in out.splitlines():
                word, _, rest = line.partition(" ")
                if word == "begin":
                    at = rest
                elif at and word in (AGREES, DIFFERS, REFUSES):
                    verdicts[at], at = (word, rest), None
            if at:
                verdicts[at] = (HANGS, "") if stopped else (DIES, f"{end(process)}: {cause(err)}")
            elif set(left) - set(verdicts) and not out:
                raise RuntimeError(f"{self.command[0]} does not start: {err[:2000]}")
        return verdicts


class Scripts:
    """An engine that runs scripts, many in a process, and fails at the first that fails."""

    def __init__(self, command, form="wast", joined=None):
        self.command, self.form, self.joined = command, form, joined
        self.forms = f"wasm,{form}"

    def play(self, names):
        verdict = self.run(names)
        if verdict[0] == AGREES or len(names) == 1:
            return dict.fromkeys(names, verdict)
        half = len(names) // 2
        return self.play(names[:half]) | self.play(names[half:])

    def run(self, names):
        files = [f"{name}.{self.form}" for name in names]
        if self.joined and len(files) > 1:
            # It reads one script only.
            whole = f"{names[0]}.{self.joined}.{self.form}"
            with open(whole, "w", encoding="utf-8") as out:
                for file in files:
                    with open(file, encoding="utf-8") as one:
                        out.write(one.read())
            files = [whole]
        try:
            process = subprocess.run(
                self.command + files, text=True, errors="replace", capture_output=True,
                timeout=PATIENCE + len(names), check=False)
        except subprocess.TimeoutExpired:
            return (HANGS, "")
        finally:
            if self.joined and len(names) > 1:
                os.remove(whole)
        text = process.stdout + process.stderr
        if self.agrees(process, text, len(names)):
            return (AGREES, "")
        if process.returncode < 0 or self.died(text):
            return (DIES, f"{end(process)}: {cause(text)}")
        refused = any(words in text for words in self.refusals)
        return (REFUSES if refused else DIFFERS, " ".join(text.split())[-300:])

    # What is said of a module that is taken for invalid.
    refusals = ("got invalid", "validation error", "parse exception", "Invalid module")

    def agrees(self, process, text, count):
        """Whether all these programs did what they must."""
        return process.returncode == 0

    def died(self, text):
        """Whether these are the last words of an engine that gave up."""
        return "Uncaught exception" in text or "Assertion" in text or "Fatal:" in text


class Reference(Scripts):
    """The reference interpreter."""

    def __init__(self, program):
        super().__init__([program])


class Binaryen(Scripts):
    """Binaryen's interpreter."""

    def __init__(self, program):
        super().__init__([program], joined="many")

    def agrees(self, process, text, count):
        return process.returncode == 0 and "all checks passed" in text


class Wizard(Scripts):
    """Wizard, which says of each script how it went."""

    def __init__(self, program, mode):
        super().__init__([program, "--ext:stack-switching", f"--mode={mode}"], "bin.wast")

    def agrees(self, process, text, count):
        return process.returncode == 0 and text.count("##-ok") == count

    def died(self, text):
        return "##-fail" not in text
