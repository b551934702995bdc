#!/usr/bin/env python3
"""Every distinct convolution and product of networks, each a model of one node: Convoy's candidate
kernels, and Convoy, ONNX Runtime and OpenVINO whole, with weights in the caches and without.

    tools/bench/layers.py MODEL.onnx... [--threads 1] [--only REGEX] [--most 40] [--write FILE.md]

Needs build/bin/convoy_bench, and a Python that has the engines; one that is not installed is left
out. Cold: everything was evicted, and the input then read once, as the node before would leave it;
times are medians in microseconds. Rows are ordered by what Convoy loses to the better peer when
cold, times how often the layer occurs. Candidates run on one thread without the reorders that they
ask for. The share of the FMA peak is of one core's, as the share of the bandwidth is, by
which weights, input and output would have to come and go.
"""

import argparse
import collections
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import time
from statistics import median

import numpy as np
import onnx
from engines import ENGINES, warm_runners
from onnx import TensorProto, helper, numpy_helper, shape_inference

_BENCH = pathlib.Path(__file__).parents[2] / "build" / "bin" / "convoy_bench"
_PRODUCTS = ("Conv", "ConvTranspose", "MatMul", "Gemm")
_COLD_ROUNDS = 9
_WARM_SECONDS = 0.02  # of an engine's turn
_WARM_TURNS = 5


class Layer:
    """One node: operator, attributes, shapes of its operands, and which of them are constant."""

    def __init__(self, node, opset, shapes, constant):
        self.op, self.opset = node.op_type, opset
        self.attributes = {a.name: helper.get_attribute_value(a) for a in node.attribute}
        self.shapes, self.output, self.constant = shapes[:-1], shapes[-1], constant
        self.count, self.networks = 0, set()

    def key(self):
        return repr((self.op, sorted(self.attributes.items()), self.shapes, self.constant))

    def bytes(self):
        return 4 * sum(np.prod(shape, dtype=float) for shape in (*self.shapes, self.output))

    def described(self):
        plain = {"strides": 1, "dilations": 1, "pads": 0, "group": 1}
        changed = [f"{name} {np.ravel(value)[0] if len(set(np.ravel(value))) == 1 else value}"
                   for name, value in self.attributes.items() if name in plain
                   and set(np.ravel(value)) != {plain[name]}]
        changed += [name for name in ("transA", "transB") if self.attributes.get(name)]
        operands = " · ".join("×".join(map(str, shape)) for shape in self.shapes[:2])
        return f"{self.op} {operands}{''.join(', ' + text for text in changed)}"


def layers_of(path):
    """The products of a network whose sizes are known, and the number of those left out."""
    model = shape_inference.infer_shapes(onnx.load(path), data_prop=True)
    graph = model.graph
    opset = next(entry.version for entry in model.opset_import if entry.domain == "")
    constants = {tensor.name: list(tensor.dims) for tensor in graph.initializer}
    constants |= {node.output[0]: list(node.attribute[0].t.dims) for node in graph.node
                  if node.op_type == "Constant" and node.attribute[0].name == "value"}
    shapes = dict(constants)
    for value in (*graph.input, *graph.value_info, *graph.output):
        tensor = value.type.tensor_type
        sizes = [dim.dim_value for dim in tensor.shape.dim]
        if tensor.elem_type == TensorProto.FLOAT and all(sizes):
            shapes.setdefault(value.name, sizes)
    found, left_out = [], 0
    for node in graph.node:
        if node.op_type not in _PRODUCTS or node.domain:
            continue
        names = [*node.input, node.output[0]]
        if all(name in shapes for name in names):
            found.append(Layer(node, opset, [shapes[name] for name in names],
                               [name in constants for name in node.input]))
        else:
            left_out += 1
    return found, left_out


def model_of(layers):
    """A graph of the layers, each with operands of its own, named by their numbers."""
    numbers = np.random.default_rng(1)
    nodes, weights, inputs, outputs = [], [], [], []
    for i, layer in enumerate(layers):
        names = [f"{i}.{k}" for k in range(len(layer.shapes))]
        for name, shape, constant in zip(names, layer.shapes, layer.constant):
            if constant:
                scale = np.prod(shape[1:], dtype=float) ** -0.5
                drawn = (numbers.standard_normal(shape) * scale).astype(np.float32)
                weights.append(numpy_helper.from_array(drawn, name))
            else:
                inputs.append(helper.make_tensor_value_info(name, TensorProto.FLOAT, shape))
        outputs.append(helper.make_tensor_value_info(f"{i}.y", TensorProto.FLOAT, layer.output))
        nodes.append(helper.make_node(layer.op, names, [f"{i}.y"], str(i), **layer.attributes))
    graph = helper.make_graph(nodes, "layers", inputs, outputs, weights)
    opset = helper.make_opsetid("", max(layer.opset for layer in layers))
    return helper.make_model(graph, opset_imports=[opset], ir_version=8)


def candidates_of(layers, folder):
    """For each layer: candidate → microseconds, cold and warm; and what the machine can do, with
    the multiply-adds of each layer by its number."""
    path = os.path.join(folder, "layers.onnx")
    onnx.save(model_of(layers), path)
    done = subprocess.run([_BENCH, "--benchmark_filter=^[0-9]+/", "--benchmark_format=json",
                           "--benchmark_min_time=0.05"], env={**os.environ, "CONVOY_LAYERS": path},
                          stdout=subprocess.PIPE, check=True)
    report = json.loads(done.stdout)
    found = [collections.defaultdict(dict) for _ in layers]
    for row in report["benchmarks"]:
        if row.get("error_occurred"):
            continue
        number, kernel, how = row["name"].split("/")[:3]
        found[int(number)][kernel][how] = row.get("median_us", row["real_time"])
    return found, report["context"]


def microseconds(run):
    start = time.perf_counter()
    run()
    return (time.perf_counter() - start) * 1e6


def engine_times(layer, threads, folder, large):
    """Engine → (cold, warm), engines in turn."""
    path = os.path.join(folder, "layer.onnx")
    onnx.save(model_of([layer]), path)
    numbers = np.random.default_rng(2)
    feeds = {f"0.{k}": numbers.standard_normal(shape).astype(np.float32)
             for k, shape in enumerate(layer.shapes) if not layer.constant[k]}
    runs = warm_runners(path, feeds, threads)
    cold, warm = collections.defaultdict(list), collections.defaultdict(list)
    for _ in range(_COLD_ROUNDS):
        for name, run in runs.items():
            large.sum()
            for array in feeds.values():
                array.sum()
            cold[name].append(microseconds(run))
    for _ in range(_WARM_TURNS):
        for name, run in runs.items():
            run()
            end = time.perf_counter() + _WARM_SECONDS
            while time.perf_counter() < end:
                warm[name].append(microseconds(run))
    return {name: (median(cold[name]), median(warm[name])) for name in runs}


def pair(times):
    return f"{times[0]:.0f} / {times[1]:.0f}"


def row_of(layer, engines, candidates, multiply_adds, peaks):
    """What the table says of a layer, and what Convoy loses on it."""
    ours = engines["convoy"]
    peers = [times for name, times in engines.items() if name != "convoy"]
    best = tuple(min(times[k] for times in peers) for k in (0, 1)) if peers else ours
    lost = (ours[0] - best[0]) * layer.count
    timed = {name: (at["cold"], at["warm"]) for name, at in candidates.items() if len(at) == 2}
    fastest = sorted(timed, key=timed.get)[:3]
    shares = [200 * multiply_adds / (peaks["fma_peak"] * ours[k] * 1e-6) for k in (0, 1)]
    traffic = 100 * layer.bytes() / (peaks["read_bandwidth"] * ours[0] * 1e-6)
    cells = [layer.described(), f"{layer.count} in {', '.join(sorted(layer.networks))}",
             *(pair(engines[name]) if name in engines else "–" for name in ENGINES),
             f"{lost / 1000:+.2f}", f"{shares[0]:.0f} / {shares[1]:.0f} %", f"{traffic:.0f} %",
             ", ".join(f"{name} {pair(timed[name])}" for name in fastest)]
    return lost, cells


def collect(paths, only):
    distinct = {}
    for path in paths:
        layers, left_out = layers_of(path)
        if left_out:
            print(f"{path}: sizes of {left_out} products are not known", file=sys.stderr)
        for layer in layers:
            if not re.search(only, layer.described()):
                continue
            layer = distinct.setdefault(layer.key(), layer)
            layer.count += 1
            layer.networks.add(pathlib.Path(path).stem)
    return list(distinct.values())


def table(layers, threads, most):
    with tempfile.TemporaryDirectory() as folder:
        candidates, context = candidates_of(layers, folder)
        peaks = {name: float(context[name]) for name in ("fma_peak", "read_bandwidth")}
        large = np.ones(int(context["evicting_bytes"]) // 8)
        rows = []
        for number, layer in enumerate(layers):
            engines = engine_times(layer, threads, folder, large)
            multiply_adds = float(context[f"multiply_adds/{number}"])
            rows.append(row_of(layer, engines, candidates[number], multiply_adds, peaks))
            print(f"\r{number + 1} of {len(layers)}", end="", file=sys.stderr, flush=True)
        print(file=sys.stderr)
    rows.sort(key=lambda row: -row[0])
    head = ["layer", "how often", *ENGINES, "lost, ms", "FMA peak", "bandwidth, cold",
            "fastest candidates"]
    lines = [" | ".join(["", *cells, ""]).strip()
             for cells in (head, ["---"] * len(head), *(row[1] for row in rows[:most]))]
    return (f"{len(layers)} distinct layers, {threads} thread(s); µs cold / warm. One core: "
            f"{peaks['fma_peak'] / 1e9:.0f} GFLOP/s, {peaks['read_bandwidth'] / 1e9:.1f} GB/s.\n\n"
            + "\n".join(lines) + "\n")


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("models", nargs="+", metavar="MODEL")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--only", default="", help="layers whose line matches")
    parser.add_argument("--most", type=int, default=40, help="rows of the table")
    parser.add_argument("--write", metavar="FILE", help="where the table goes")
    arguments = parser.parse_args()
    layers = collect(arguments.models, arguments.only)
    if not layers:
        sys.exit("layers.py: no layer to time")
    text = table(layers, arguments.threads, arguments.most)
    if arguments.write:
        pathlib.Path(arguments.write).write_text(text, encoding="utf-8")
    else:
        print(text, end="")
    return 0


if __name__ == "__main__":
    sys.exit(main())
