"""Holds the estimates by which convolutions choose their kernels against measured times.

    .venv/bin/python tools/bench/cost_model.py [--problems 300] [--seed 1] [--worst 5]

Makes random convolutions as networks have them, one thread, plain operands. For each instruction
set that the machine has, prints a line for each kernel, measured / estimated time (median, the
tenths furthest off), and the regret: the time of the kernel that the estimate chooses / the time of
the fastest (median, worst tenth), with the problems where it is worst.
"""

import argparse
import os
import pathlib
import random
import re
import subprocess
import sys
import tempfile
from collections import defaultdict
from statistics import geometric_mean, median

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

_CONVOY = pathlib.Path(__file__).parents[2] / "build" / "bin" / "convoy"
_BATCH = 40  # convolutions of one model
_MOST_WORK = 2e8  # multiply-adds


def random_problem(dice):
    """x's shape, w's shape and attributes of a convolution in one to three dimensions."""
    while True:
        rank = dice.choices((1, 2, 3), (4, 5, 1))[0]
        depthwise = dice.random() < 0.2
        channels = [dice.choice((1, 3, 8, 12, 16, 24, 32, 48, 64, 96, 128, 192, 256, 384, 512))
                    for _ in range(2)]
        group = channels[0] if depthwise else dice.choices((1, 2, 4, 10), (8, 1, 1, 1))[0]
        if depthwise:
            channels[1] = channels[0]
        if channels[0] % group or channels[1] % group:
            continue
        kernel = dice.choices((1, 3, 5, 7, 11), (3, 6, 2, 1, 1))[0]
        of_rank = ((50, 100, 400, 1000, 4000), (7, 14, 16, 28, 56, 112), (4, 8, 16))[rank - 1]
        sizes = [dice.choice(of_rank)] * rank
        stride = dice.choices((1, 2), (4, 1))[0]
        dilation = dice.choices((1, 2, 4, 12, 24), (12, 1, 1, 1, 1))[0] if kernel > 1 else 1
        pad = dilation * (kernel - 1) // 2
        batch = dice.choices((1, 4, 16), (6, 2, 1))[0]
        x = [batch, channels[0], *sizes]
        w = [channels[1], channels[0] // group, *[kernel] * rank]
        work = np.prod(w, dtype=float) * batch * np.prod(sizes, dtype=float) / stride**rank
        if 1e4 < work < _MOST_WORK and np.prod(x, dtype=float) < 4e6:
            return x, w, {"group": group, "strides": [stride] * rank, "pads": [pad] * 2 * rank,
                          "dilations": [dilation] * rank}


def described(problem):
    x, w, attributes = problem
    changed = {name: value for name, value in attributes.items()
               if value != 1 and set(np.ravel(value)) != {1} and set(np.ravel(value)) != {0}}
    return f"x {'x'.join(map(str, x))} w {'x'.join(map(str, w))} {changed}"


def model_of(problems):
    """A graph of these convolutions, each of an input of its own."""
    numbers = np.random.default_rng(1)
    nodes, weights, inputs, outputs = [], [], [], []
    for i, (x, w, attributes) in enumerate(problems):
        value = numbers.uniform(-1, 1, w).astype(np.float32)
        weights.append(numpy_helper.from_array(value, f"w{i}"))
        inputs.append(helper.make_tensor_value_info(f"x{i}", TensorProto.FLOAT, x))
        outputs.append(helper.make_tensor_value_info(f"y{i}", TensorProto.FLOAT, None))
        nodes.append(helper.make_node("Conv", [f"x{i}", f"w{i}"], [f"y{i}"], f"conv{i}",
                                      **attributes))
    return helper.make_model(helper.make_graph(nodes, "convolutions", inputs, outputs, weights),
                             opset_imports=[helper.make_opsetid("", 17)], ir_version=8)


def explained(model, isa, *options):
    """The lines that `convoy explain` prints for each convolution, by its number."""
    environment = {**os.environ, "CONVOY_ISA": isa}
    done = subprocess.run([_CONVOY, "explain", model, "--no-optimize", "--threads", "1", *options],
                          env=environment, capture_output=True, text=True, check=True)
    steps, number = defaultdict(str), None
    for line in done.stdout.splitlines():
        if step := re.match(r" *\d+ (\S+) +(\S+) +(?:.*\W)?conv(\d+)\b", line):
            number = int(step[3]) if step[1] == "Conv" else None
            if number is not None:
                steps[number] = f"chosen: {step[2]}\n"
        elif re.match(r" *\d+ ", line):
            number = None
        elif number is not None:
            steps[number] += line + "\n"
    return steps


def estimates(text):
    """Kernel → seconds of those that have an estimate, and the one that is chosen."""
    chosen = re.search(r"chosen: (\S+)", text)[1]
    found = {name: float(time) for name, time in
             re.findall(r"not (\S+): ([\d.]+) µs by estimate", text)}
    if own := re.search(r"estimate: ([\d.]+) µs of one core", text):
        found[chosen] = float(own[1])
    return found, chosen


def measurements(text):
    chosen = re.search(r"chosen: (\S+)", text)[1]
    found = {}
    for name, time, best in re.findall(r"not (\S+): took ([\d.]+) µs, \S+ ([\d.]+)", text):
        found[name], found[chosen] = float(time), float(best)
    return found


def tenths(values):
    values = sorted(values)
    tenth = max(len(values) // 10, 1)
    return median(values[:tenth]), median(values), median(values[-tenth:])


def check(isa, problems, worst):
    ratios, regrets = defaultdict(list), []
    with tempfile.TemporaryDirectory() as folder:
        model = pathlib.Path(folder) / "model.onnx"
        for first in range(0, len(problems), _BATCH):
            part = problems[first:first + _BATCH]
            onnx.save(model_of(part), model)
            expected = explained(model, isa)
            took = explained(model, isa, "--tune", f"{folder}/{first}.json")
            for number, problem in enumerate(part):
                if number not in expected or number not in took:
                    continue
                estimate, chosen = estimates(expected[number])
                time = measurements(took[number])
                for name in estimate.keys() & time.keys():
                    ratios[name].append(time[name] / estimate[name])
                if chosen in time:
                    best = min(time, key=time.get)
                    regrets.append((time[chosen] / time[best], chosen, best, time[best], problem))
    print(f"{isa}: {len(regrets)} problems")
    for name, values in sorted(ratios.items()):
        low, middle, high = tenths(values)
        print(f"  {name:24} {len(values):4} measured / estimated: {middle:.2f} "
              f"(tenths {low:.2f} and {high:.2f})")
    low, middle, high = tenths([regret[0] for regret in regrets])
    mean = geometric_mean(regret[0] for regret in regrets)
    print(f"  chosen / fastest: {middle:.2f} (worst tenth {high:.2f}, mean {mean:.3f})")
    for regret, chosen, best, time, problem in sorted(regrets, key=lambda r: -r[0])[:worst]:
        print(f"    {regret:.2f}: {chosen}, not {best} ({time:.0f} µs), {described(problem)}")


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--problems", type=int, default=300)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--worst", type=int, default=5, help="problems to print")
    parser.add_argument("--isa", action="append", help="generic, avx2 or avx512; may be repeated")
    arguments = parser.parse_args()
    flags = pathlib.Path("/proc/cpuinfo").read_text(encoding="utf-8").split()
    here = [isa for isa, flag in (("avx2", "fma"), ("avx512", "avx512dq")) if flag in flags]
    isas = arguments.isa or ["generic", *here]
    dice = random.Random(arguments.seed)
    problems = [random_problem(dice) for _ in range(arguments.problems)]
    for isa in isas:
        check(isa, problems, arguments.worst)
    return 0


if __name__ == "__main__":
    sys.exit(main())
