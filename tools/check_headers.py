"""Compiles each header on its own, for `tools/check --headers`.

A header is compiled with the flags of the sources that include it, once for each instruction set
among those of the sources that name it, so that one for AVX-512 gets AVX-512's flags. The flags are
those of compile_commands.json in the build folder, which cmake writes.
"""

import json
import os
import re
import shlex
import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

INCLUDE = re.compile(r'^\s*#\s*include\s*["<]([^">]+)[">]', re.MULTILINE)
ERROR = re.compile(r"^(.*?):(\d+):(?:\d+:)? (?:fatal )?error: (.*)", re.MULTILINE)


def compile_flags(root: Path, build: Path) -> dict[str, list[str]]:
    """The compiler and its flags by the source's absolute path, without what names files. Of a
    kernel for GPUs they are those that its emulation is compiled with: nvcc takes others."""
    flags = {}
    emulated = os.path.realpath(build / "generated/emulated")
    for entry in json.loads((build / "compile_commands.json").read_text()):
        if entry["file"].endswith(".cu"):
            continue
        words = shlex.split(entry["command"]) if "command" in entry else list(entry["arguments"])
        if Path(words[0]).name == "ccache":
            words = words[1:]
        kept = [word for before, word in zip([""] + words, words)
                if before not in {"-o", "-c"} and word not in {"-o", "-c"}]
        source = os.path.realpath(os.path.join(entry["directory"], entry["file"]))
        if source.startswith(emulated + os.sep):
            source = os.path.realpath(root) + source.removeprefix(emulated).removesuffix(".cc")
        flags[source] = kept
    return flags


def includers(root: Path, paths: list[str]) -> dict[str, list[str]]:
    """By header, the files that name it in an #include."""
    known = set(paths)
    found = {}
    for path in paths:
        for name in INCLUDE.findall((root / path).read_text(encoding="utf-8")):
            for target in (name, "runtime/include/" + name):
                if target in known:
                    found.setdefault(target, []).append(path)
    return found


def instruction_set(flags: list[str]) -> tuple[str, ...]:
    return tuple(flag for flag in flags if flag.startswith("-m"))


def ways_to_compile(root: Path, header: str, by_header: dict, flags: dict) -> list[list[str]]:
    """The distinct flags of the nearest sources that include the header, by instruction set. A
    header that none includes is compiled as the first source of the tree is."""
    seen, nearest = {header}, [header]
    while nearest:
        around = [user for path in nearest for user in by_header.get(path, []) if user not in seen]
        seen.update(around)
        found = {}
        for path in sorted(set(around)):
            command = flags.get(os.path.realpath(root / path))
            if command:
                found.setdefault(instruction_set(command), command)
        if found:
            return list(found.values())
        nearest = around
    return [flags[min(flags)]] if flags else []


def first_error(root: Path, build: Path, header: str, flags: list[str]):
    """Where and why the header does not compile, or None."""
    public = ["-I", root / "runtime/include"]  # as programs see it
    command = [*flags, *public, "-fsyntax-only", "-w", "-fdiagnostics-color=never",
               "-x", "c++", "-"]
    done = subprocess.run(command, cwd=build, input=f'#include "{root / header}"\n', text=True,
                          capture_output=True)
    if done.returncode == 0:
        return None
    match = ERROR.search(done.stderr)
    if match is None:
        return header, 1, "does not compile on its own: " + done.stderr.strip()[-200:]
    place = os.path.realpath(build / match.group(1))
    where = "" if place == os.path.realpath(root / header) else \
        f" (in {os.path.relpath(place, root)}:{match.group(2)})"
    line = 1 if where else int(match.group(2))
    return header, line, f"does not compile on its own: {match.group(3)}{where}"


def breaches(root: Path, build: Path, paths: list[str], headers: list[str]):
    """Yields header, line and reason for each of `headers` that needs what it does not include.
    `paths` are all C++ files of the tree."""
    flags = compile_flags(root, build)
    by_header = includers(root, paths)
    jobs = [(header, way) for header in headers
            for way in ways_to_compile(root, header, by_header, flags)]
    with ThreadPoolExecutor(len(os.sched_getaffinity(0))) as pool:
        seen = {None}
        for result in pool.map(lambda job: first_error(root, build, *job), jobs):
            if result not in seen:
                seen.add(result)
                yield result
