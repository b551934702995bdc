"""Runs nodes of com.microsoft with hostile attributes and operands: each gives a result or an error
of Convoy's own. `mutate_microsoft_operators.py SECONDS [SEED]`; the last model tried is left in the
folder of temporary files, its name is printed first."""

import copy
import pathlib
import random
import resource
import sys
import tempfile
import time

import numpy as np

import convoy

sys.path.insert(0, str(pathlib.Path(__file__).parent))

from microsoft_attention import attention_cases  # noqa: E402
from microsoft_cases import simple_cases  # noqa: E402
from microsoft_definitions import cases_by_definition  # noqa: E402

INTEGERS = [0, 1, -1, 2, 3, -2, 7, 64, 2**31 - 1, 2**31, 2**62, -(2**63), 2**63 - 1]
FLOATS = [0.0, -1.0, 1e30, float("nan"), float("inf")]
NAMES = ["axis", "num_heads", "scale", "group", "unidirectional", "pads", "activation"]


def mutate_attribute(case, rng):
    name = rng.choice([*case.attributes, rng.choice(NAMES)])
    value = case.attributes.get(name, 0)
    if isinstance(value, int):
        case.attributes[name] = rng.choice(INTEGERS)
    elif isinstance(value, float):
        case.attributes[name] = rng.choice(FLOATS)
    elif isinstance(value, list) and value and isinstance(value[0], int):
        value[rng.randrange(len(value))] = rng.choice(INTEGERS)


def mutate_operand(case, rng):
    given = [np.asarray(x) for x in case.inputs if x is not None]
    if not given:
        return
    i = rng.randrange(len(case.inputs))
    x = np.asarray(rng.choice(given) if case.inputs[i] is None else case.inputs[i])
    forms = [None, x[None], x.reshape(-1), rng.choice(given)]
    if x.dtype.kind == "i":
        forms += [np.full_like(x, rng.choice([0, -1, 1, 100, -(2**31), 2**31 - 1]))] * 3
    if x.ndim and x.shape[0]:
        forms += [x[0], x[: x.shape[0] // 2], np.concatenate([x, x], rng.randrange(x.ndim))]
    case.inputs[i] = rng.choice(forms)


def main(seconds, seed):
    resource.setrlimit(resource.RLIMIT_AS, (8 << 30, 8 << 30))
    rng = random.Random(seed)
    cases = simple_cases() + attention_cases() + [case for case, _ in cases_by_definition()]
    place = pathlib.Path(tempfile.gettempdir()) / f"mutated_microsoft_{seed}.onnx"
    print(f"seed {seed}, {place}", flush=True)
    tried, until = 0, time.monotonic() + seconds
    while time.monotonic() < until:
        case = copy.deepcopy(rng.choice(cases))
        for _ in range(rng.randint(1, 3)):
            rng.choice([mutate_attribute, mutate_operand])(case, rng)
        try:
            model, feeds = case.model(open_sizes=rng.random() < 0.5)
        except (TypeError, ValueError, OverflowError):
            continue  # onnx's helper cannot write it
        place.write_bytes(model)
        tried += 1
        try:
            convoy.InferenceSession(model, threads=2).run(None, feeds)
        except (convoy.Error, MemoryError):
            pass
    print(f"{tried} models")


if __name__ == "__main__":
    main(float(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 1)
