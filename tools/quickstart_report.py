"""Optimizes and runs the models named on the command line and prints what happened.

Expected outputs come from onnx's reference evaluator, which runs the model as it was written. Exits
1 when an output differs from it by more than TOLERANCE of the largest expected magnitude.
"""

import sys
import time
from pathlib import Path

import numpy as np
import onnx
from onnx.reference import ReferenceEvaluator

import convoy

FOLDER = Path("build/quickstart")
TOLERANCE = 1e-4
# A size that a model leaves open, by the name that the model gives it; others become 1.
SIZES = {"batch": 1, "n": 1, "width": 100, "w": 100}
# 32 ms of sound after 4 ms of what came before, at 16 kHz.
SILERO_VAD = {
    "input": np.random.default_rng(0).normal(0, 0.1, (1, 576)).astype(np.float32),
    "state": np.zeros((2, 1, 128), np.float32),
    "sr": np.array(16000, np.int64),
}


def count_nodes(graph: onnx.GraphProto) -> int:
    """Nodes of a graph and of the bodies of its control flow."""
    bodies = (body for node in graph.node for attribute in node.attribute
              for body in [attribute.g, *attribute.graphs])
    return len(graph.node) + sum(count_nodes(body) for body in bodies)


def make_feeds(model: onnx.ModelProto) -> dict[str, np.ndarray]:
    weights = {tensor.name for tensor in model.graph.initializer}
    random = np.random.default_rng(0)
    feeds = {}
    for value in model.graph.input:
        if value.name in weights:
            continue
        kind = value.type.tensor_type
        shape = [d.dim_value or SIZES.get(d.dim_param.lower(), 1) for d in kind.shape.dim]
        dtype = onnx.helper.tensor_dtype_to_np_dtype(kind.elem_type)
        feeds[value.name] = random.normal(size=shape).astype(dtype)
    return feeds


def fastest_milliseconds(session: convoy.InferenceSession, feeds: dict) -> float:
    times = []
    end = time.perf_counter() + 0.5
    while len(times) < 5 or time.perf_counter() < end:
        begin = time.perf_counter()
        session.run(None, feeds)
        times.append(time.perf_counter() - begin)
    return min(times) * 1e3


def largest_difference(outputs, expected) -> float:
    """Over all outputs, relative to the largest expected magnitude of each."""
    return max(float(np.max(np.abs(ours - theirs), initial=0)
                     / max(np.max(np.abs(theirs), initial=0), 1e-30))
               for ours, theirs in zip(outputs, expected, strict=True))


def report(path: Path) -> bool:
    model = onnx.load(path)
    feeds = SILERO_VAD if path.stem == "silero_vad" else make_feeds(model)
    optimized_path = FOLDER / f"{path.stem}.optimized.onnx"
    optimized, _ = convoy.optimize(model)
    onnx.checker.check_model(optimized)
    FOLDER.mkdir(parents=True, exist_ok=True)
    onnx.save(optimized, optimized_path)

    as_written = convoy.InferenceSession(path, optimize=False)
    session = convoy.InferenceSession(optimized_path)
    outputs = session.run(None, feeds)
    with np.errstate(over="ignore"):
        expected = ReferenceEvaluator(model).run(None, feeds)
    difference = largest_difference(outputs, expected)

    print(f"\n{path}")
    print(f"  nodes       {count_nodes(model.graph)}, "
          f"optimized {count_nodes(optimized.graph)} ({optimized_path})")
    for name, array in feeds.items():
        print(f"  input       {name} {list(array.shape)}")
    for info, array in zip(session.get_outputs(), outputs, strict=True):
        print(f"  output      {info.name} {list(array.shape)}")
    print(f"  difference  {difference:.1e} at most from the expected output, relative")
    print(f"  fastest run {fastest_milliseconds(as_written, feeds):.3f} ms as written, "
          f"{fastest_milliseconds(session, feeds):.3f} ms optimized")
    return difference <= TOLERANCE


def main() -> int:
    agree = [report(Path(name)) for name in sys.argv[1:]]
    if not all(agree):
        print("\nquickstart: outputs differ from what was expected", file=sys.stderr)
        return 1
    print("\nNext:  build/bin/convoy --help   or   .venv/bin/python -c 'import convoy'")
    return 0


if __name__ == "__main__":
    sys.exit(main())
