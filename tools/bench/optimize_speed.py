"""Times `convoy optimize` on generated graphs, each at a quarter, half and all of its size.

    PYTHONPATH=build/python .venv/bin/python tools/bench/optimize_speed.py [--limit SECONDS]

Prints nodes, seconds and microseconds a node; exits 1 if a whole graph takes longer than the limit,
or a node of a whole graph twice as long as one of a quarter of it.
"""

import argparse
import pathlib
import subprocess
import sys
import tempfile
import time

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

_CONVOY = pathlib.Path(__file__).parents[2] / "build" / "bin" / "convoy"


class _Graph:
    def __init__(self):
        self.nodes, self.constants = [], []
        self._random = np.random.default_rng(1)

    def weight(self, *shape):
        name = f"w{len(self.constants)}"
        numbers = self._random.uniform(-1, 1, shape).astype(np.float32)
        self.constants.append(numpy_helper.from_array(numbers, name))
        return name

    def node(self, kind, *inputs, **attributes):
        name = f"n{len(self.nodes)}"
        self.nodes.append(helper.make_node(kind, list(inputs), [name], name, **attributes))
        return name

    def model(self, inputs, outputs):
        def value(name, shape):
            return helper.make_tensor_value_info(name, TensorProto.FLOAT, shape)

        rank = len(next(iter(inputs.values())))
        graph = helper.make_graph(
            self.nodes,
            "generated",
            [value(name, shape) for name, shape in inputs.items()],
            [value(name, [f"d{i}" for i in range(rank)]) for name in outputs],
            self.constants,
        )
        return helper.make_model(
            graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8
        )


def chain(nodes):
    """A chain of operators, one after the other."""
    graph, value = _Graph(), "x"
    for i in range(nodes):
        kind = ("Relu", "Add", "Sigmoid", "Mul")[i % 4]
        operands = (value, graph.weight(8)) if i % 2 else (value,)
        value = graph.node(kind, *operands)
    return graph.model({"x": [4, 8]}, [value])


def branches(count):
    """Branches of ten nodes over slices of one tensor."""
    graph, rows = _Graph(), []
    index = [numpy_helper.from_array(np.int64(i), f"row{i}") for i in range(count)]
    graph.constants += index
    for i in range(count):
        value = graph.node("Gather", "x", f"row{i}", axis=2)
        for step in range(8):
            kind = ("Conv", "Relu", "Mul", "Sigmoid")[step % 4]
            if kind == "Conv":
                value = graph.node(kind, value, graph.weight(3, 3, 3), pads=[1, 1])
            elif kind == "Mul":
                value = graph.node(kind, value, graph.weight(3, 1))
            else:
                value = graph.node(kind, value)
        rows.append(graph.node("Unsqueeze", value, "axes"))
    graph.constants.append(numpy_helper.from_array(np.array([2], np.int64), "axes"))
    joined = graph.node("Concat", *rows, axis=2)
    return graph.model({"x": [1, 3, count, 16]}, [joined])


def readers(count):
    """One value that many nodes read."""
    graph = _Graph()
    source = graph.node("Relu", "x")
    values = [graph.node("Mul", source, graph.weight(8)) for _ in range(count)]
    return graph.model({"x": [4, 8]}, [graph.node("Concat", *values, axis=0)])


def layers(count):
    """Layers of ten rows, each a convolution, joined and sliced again."""
    graph, value = _Graph(), "x"
    graph.constants += [numpy_helper.from_array(np.int64(i), f"row{i}") for i in range(10)]
    graph.constants.append(numpy_helper.from_array(np.array([2], np.int64), "axes"))
    for _ in range(count):
        rows = []
        for i in range(10):
            row = graph.node("Gather", value, f"row{i}", axis=2)
            row = graph.node("Conv", row, graph.weight(4, 4, 3), graph.weight(4), pads=[1, 1])
            rows.append(graph.node("Unsqueeze", row, "axes"))
        value = graph.node("Concat", *rows, axis=2)
    return graph.model({"x": [1, 4, 10, 16]}, [value])


_GRAPHS = {"chain": (chain, 20000), "branches": (branches, 2000), "readers": (readers, 10000),
           "layers": (layers, 500)}


def _seconds(model, folder):
    source, target = folder / "in.onnx", folder / "out.onnx"
    onnx.save(model, source)
    start = time.perf_counter()
    subprocess.run([_CONVOY, "optimize", source, target], check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - start, len(onnx.load(target).graph.node)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("graphs", nargs="*", default=list(_GRAPHS), help=", ".join(_GRAPHS))
    parser.add_argument("--limit", type=float, default=5.0, help="seconds for a whole graph")
    arguments = parser.parse_args()
    slow = []
    with tempfile.TemporaryDirectory() as folder:
        for name in arguments.graphs:
            make, size = _GRAPHS[name]
            each = []
            for count in (size // 4, size // 2, size):
                model = make(count)
                seconds, after = _seconds(model, pathlib.Path(folder))
                each.append(seconds / len(model.graph.node) * 1e6)
                print(f"{name:10} {len(model.graph.node):6} nodes, {after:6} after: "
                      f"{seconds:6.2f} s, {each[-1]:6.1f} µs a node", flush=True)
            if seconds > arguments.limit or each[-1] > 2 * each[0]:
                slow.append(name)
    print("too slow: " + ", ".join(slow) if slow else "all in time")
    return 1 if slow else 0


if __name__ == "__main__":
    sys.exit(main())
