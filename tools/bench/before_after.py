"""Times models with two builds of Convoy, alternating between their processes.

    .venv/bin/python tools/bench/before_after.py BEFORE AFTER MODEL... [--rounds 5] [--threads 1]

BEFORE and AFTER are build folders. Prints for each model the least of the medians of both, after /
before, and the steps for which another kernel was chosen; then the geometric mean. Exits 1 where
the mean is above 1.02 or a model above 1.10, after as many rounds more for the models above that.
"""

import argparse
import json
import pathlib
import re
import subprocess
import sys
from statistics import geometric_mean

_MEAN, _MODEL = 1.02, 1.10


def run(build, command, model, *options):
    convoy = pathlib.Path(build) / "bin" / "convoy"
    done = subprocess.run([convoy, command, model, *options], capture_output=True, text=True)
    if done.returncode:
        sys.exit(f"{convoy} {command} {model}: {done.stderr.strip()}")
    return done.stdout


def shapes(arguments, model):
    """The options that give a model's open inputs a shape, from --shape MODEL:NAME=SIZES."""
    stem = pathlib.Path(model).stem
    own = [text.split(":", 1)[1] for text in arguments.shape if text.startswith(stem + ":")]
    return [option for text in own for option in ("--shape", text)]


def kernels(build, model, options):
    """Node → kernel."""
    steps = re.findall(r"^ *\d+ (\S+) +(\S+) +(\S+)", run(build, "explain", model, *options),
                       re.MULTILINE)
    return {name: kernel for operator, kernel, name in steps if not operator.startswith("(")}


def times(arguments, model, options, found):
    """The least median of each build, `found` included, after further rounds."""
    found = dict(found)
    for _ in range(arguments.rounds):
        for build in (arguments.before, arguments.after):
            text = run(build, "bench", model, "--json", "--seconds", str(arguments.seconds),
                       *options)
            took = json.loads(text)["median_ms"]
            found[build] = min(found.get(build, took), took)
    return found


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("before")
    parser.add_argument("after")
    parser.add_argument("models", nargs="+", metavar="MODEL")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=1, help="of each process")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--shape", action="append", default=[], metavar="STEM:NAME=SIZES",
                        help="of an input of MODEL's file STEM.onnx, as convoy bench takes it")
    arguments = parser.parse_args()
    ratios = {}
    for model in arguments.models:
        options = ["--threads", str(arguments.threads), *shapes(arguments, model)]
        found = times(arguments, model, options, {})
        ratio = found[arguments.after] / found[arguments.before]
        if ratio > _MODEL:
            found = times(arguments, model, options, found)
            ratio = found[arguments.after] / found[arguments.before]
        ratios[model] = ratio
        print(f"{pathlib.Path(model).stem:28} {found[arguments.before]:10.3f} ms "
              f"{found[arguments.after]:10.3f} ms  {ratio:.3f}", flush=True)
        old, new = (kernels(build, model, options) for build in (arguments.before, arguments.after))
        for node in old:
            if new.get(node, old[node]) != old[node]:
                print(f"    {node}: {old[node]} → {new[node]}")
    mean = geometric_mean(ratios.values())
    slow = [pathlib.Path(model).stem for model, ratio in ratios.items() if ratio > _MODEL]
    print(f"geometric mean {mean:.3f} of {len(ratios)} models"
          + (f"; slower by more than a tenth: {', '.join(slow)}" if slow else ""))
    return 1 if slow or mean > _MEAN else 0


if __name__ == "__main__":
    sys.exit(main())
