"""The page that `convoy optimize --report` writes."""

import html.parser
import pathlib
import re
import subprocess

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

_ROOT = pathlib.Path(__file__).parents[2]
_CONVOY = _ROOT / "build" / "bin" / "convoy"
_VOID = {"meta", "br"}


class _Balanced(html.parser.HTMLParser):
    """Fails on a tag that is closed in the wrong place; collects what links elsewhere."""

    def __init__(self):
        super().__init__()
        self.open, self.links = [], []

    def handle_starttag(self, tag, attributes):
        if tag not in _VOID:
            self.open.append(tag)
        self.links += [value for key, value in attributes if key in ("src", "href")]

    def handle_startendtag(self, tag, attributes):
        pass

    def handle_endtag(self, tag):
        assert self.open and self.open.pop() == tag


def _report(model, folder):
    page = folder / "report.html"
    command = [_CONVOY, "optimize", model, folder / "out.onnx", "--report", page]
    subprocess.run(command, check=True, capture_output=True)
    text = page.read_text()
    parser = _Balanced()
    parser.feed(text)
    assert not parser.open
    assert not parser.links
    return text


def test_the_page_shows_rows_before_and_after(tmp_path):
    text = _report(_ROOT / "models" / "rowwise_conv1d.onnx", tmp_path)
    before, after = re.findall(r"<figure>.*?</figure>", text, re.S)
    assert len(re.findall(r">Conv 3<", before)) == 10
    assert before.count('data-g="0"') >= 31
    assert "Conv 3, 10 groups" in after
    assert after.count('data-g="0"') == 5
    assert "10 × Conv" in text
    assert "FLOP" in text and "time of a run" in text and "not measured" not in text


def test_large_graphs_stay_small(tmp_path):
    rows = [
        helper.make_node("Gather", ["x", f"i{i}"], [f"r{i}"], axis=1) for i in range(1000)
    ] + [helper.make_node("Relu", [f"r{i}"], [f"y{i}"]) for i in range(1000)]
    chain = [helper.make_node("Sin", [f"s{i}"], [f"s{i + 1}"]) for i in range(2000)]
    graph = helper.make_graph(
        [*rows, helper.make_node("Sum", [f"y{i}" for i in range(1000)], ["s0"]), *chain],
        "large <graph>",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["n", 1000])],
        [helper.make_tensor_value_info("s2000", TensorProto.FLOAT, ["n"])],
        [numpy_helper.from_array(np.int64(i), f"i{i}") for i in range(1000)],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    onnx.save(model, tmp_path / "in.onnx")
    text = _report(tmp_path / "in.onnx", tmp_path)
    assert len(text) < 300_000
    assert "1000 × Relu" in text or "merge" in text


def test_the_input_may_be_overwritten(tmp_path):
    source = tmp_path / "model.onnx"
    source.write_bytes((_ROOT / "models" / "rowwise_conv1d.onnx").read_bytes())
    page = tmp_path / "report.html"
    command = [_CONVOY, "optimize", source, source, "--report", page]
    subprocess.run(command, check=True, capture_output=True)
    assert "31 nodes" in page.read_text() and "5 nodes" in page.read_text()
