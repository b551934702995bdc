"""The command line: what it prints, its exit codes, and that bad input gives one clear line."""
import json
import pathlib
import re
import subprocess

import numpy as np
import onnx
import pytest
from onnx import helper, numpy_helper

ROOT = pathlib.Path(__file__).parents[2]
CONVOY, ROWS = ROOT / "build" / "bin" / "convoy", ROOT / "models" / "rowwise_conv1d.onnx"


def convoy(*arguments):
    return subprocess.run([CONVOY, *map(str, arguments)], capture_output=True, text=True)


def failure(code, *arguments):
    """The one line on stderr of a command that must fail with `code`."""
    result = convoy(*arguments)
    assert result.returncode == code, result
    lines = result.stderr.strip().splitlines()
    assert len(lines) == 1, result.stderr
    return lines[0]


def test_run_reads_and_writes_arrays(tmp_path):
    x = np.random.default_rng(0).standard_normal((2, 15, 10, 100)).astype("f4")
    np.save(tmp_path / "x.npy", x)
    result = convoy("run", ROWS, "--input", f"x={tmp_path}/x.npy", "--output", tmp_path / "out")
    assert result.returncode == 0 and result.stdout.startswith("y  float32[2,15,10,98]")
    assert np.load(tmp_path / "out" / "y.npy").shape == (2, 15, 10, 98)


def test_run_says_which_sizes_it_needs():
    message = failure(1, "run", ROWS)
    assert "sizes are not known" in message and "'x' (float32[B,15,10,100])" in message


@pytest.mark.parametrize("arguments, words", [
    (["--shape", "z=1x2"], "no input 'z'; its inputs are 'x'"),
    (["--shape", "x=1xtwo"], "is no shape"),
    (["--shape", "x=2x15x10x99"], "must be float32[B,15,10,100], got float32[2,15,10,99]"),
    (["--input", "x=missing.npy"], "missing.npy: no such file"),
    (["--input", "x"], "--input wants NAME=VALUE"),
])
def test_run_names_what_is_wrong_with_an_input(arguments, words):
    assert words in failure(1, "run", ROWS, *arguments)


def test_wrong_element_type_is_named(tmp_path):
    np.save(tmp_path / "x.npy", np.zeros((2, 15, 10, 100), "i8"))
    message = failure(1, "run", ROWS, "--input", f"x={tmp_path}/x.npy")
    assert "must be float32[B,15,10,100], got int64[2,15,10,100]" in message


@pytest.mark.parametrize("content", [b"", b"\x08\x08", bytes(range(256)) * 8],
                         ids=["empty", "truncated", "random"])
@pytest.mark.parametrize("command", ["run", "inspect", "explain", "bench"])
def test_a_file_that_is_no_model(tmp_path, command, content):
    path = tmp_path / "bad.onnx"
    path.write_bytes(content)
    assert "bad.onnx" in failure(1, command, path)


def test_a_model_that_is_cut_off(tmp_path):
    path = tmp_path / "cut.onnx"
    path.write_bytes(ROWS.read_bytes()[:-1000])
    assert "cut.onnx" in failure(1, "run", path, "--shape", "x=1x15x10x100")


def test_a_missing_file():
    assert "nowhere.onnx" in failure(1, "inspect", "nowhere.onnx")


@pytest.mark.parametrize("arguments, words", [
    (["rnu", ROWS], "did you mean 'run'?"), ([], "subcommand"), (["run"], "MODEL"),
    (["run", ROWS, "--bogus"], "--bogus"), (["bench", ROWS, "--seconds", "-1"], "--seconds"),
])
def test_a_wrong_command_line_exits_with_2(arguments, words):
    assert words in failure(2, *arguments)


def test_every_command_shows_an_example():
    for command in ("run", "test", "optimize", "bench", "profile", "inspect", "explain", "devices"):
        result = convoy(command, "--help")
        assert result.returncode == 0 and f"convoy {command}" in result.stdout


def test_optimize_merges_the_rows_and_verifies(tmp_path):
    out, report = tmp_path / "better.onnx", tmp_path / "report.json"
    result = convoy("optimize", ROWS, out, "--verify", "--report", report)
    assert result.returncode == 0, result.stderr
    onnx.checker.check_model(onnx.load(out))
    assert json.loads(report.read_text())["nodes_before"] == 31
    assert sum(node.op_type == "Conv" for node in onnx.load(out).graph.node) == 1


def test_optimize_writes_nothing_when_it_fails(tmp_path):
    bad, out = tmp_path / "bad.onnx", tmp_path / "out.onnx"
    bad.write_bytes(b"no model")
    failure(1, "optimize", bad, out)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["bad.onnx"]


def test_optimize_knows_its_rewrites(tmp_path):
    message = failure(1, "optimize", ROWS, tmp_path / "o.onnx", "--skip", "merge_branch")
    assert "merge_branches" in message


def test_explain_weighs_merges_and_names_the_kernels_of_convolutions():
    result = convoy("explain", ROWS, "--shape", "x=2x15x10x100")
    assert result.returncode == 0, result.stderr
    weighed = re.search(r"merged 10 × Conv, .* at y: convoy ([\d.]+) → ([\d.]+) \(decides\)"
                        r" ort ([\d.]+) → ([\d.]+) any ", result.stdout)
    assert weighed, result.stdout
    before, after, *_ = map(float, weighed.groups())
    assert before > after
    assert re.search(r"not asked, as \w+ accepts: .*reference", result.stdout), result.stdout
    # 2 x 15 x 10 x 98 outputs of 15 x 3 terms
    work = re.search(r"work: 1323000 multiply-adds, ([\d.]+) µs of one core at full speed",
                     result.stdout)
    expected = re.search(r"estimate: ([\d.]+) µs of one core", result.stdout)
    assert float(work[1]) > 0 and float(expected[1]) > 0
    assert re.search(r"not (winograd|direct): .+", result.stdout)


def test_explain_prints_the_measured_times_of_all_candidates(tmp_path):
    result = convoy("explain", ROWS, "--shape", "x=1x15x10x100", "--no-optimize", "--threads", "1",
                    "--tune", tmp_path / "tuning.json")
    assert result.returncode == 0, result.stderr
    assert re.search(r"Conv +(\S+) .*\n       not (\S+): took [\d.]+ µs, \1 [\d.]+", result.stdout)


def test_explain_says_what_a_merge_would_have_cost(tmp_path):
    nodes, joined = [], []
    for i in range(2):
        nodes += [helper.make_node("Gather", ["x", f"i{i}"], [f"r{i}"], axis=3),
                  helper.make_node("Conv", [f"r{i}", f"w{i}"], [f"c{i}"]),
                  helper.make_node("Unsqueeze", [f"c{i}", "a"], [f"u{i}"])]
        joined.append(f"u{i}")
    nodes.append(helper.make_node("Concat", joined, ["y"], axis=3))
    weights = [numpy_helper.from_array(np.ones((512, 2, 1), "f4") * i, f"w{i}") for i in range(2)]
    weights += [numpy_helper.from_array(np.array(i, "i8"), f"i{i}") for i in range(2)]
    weights.append(numpy_helper.from_array(np.array([3], "i8"), "a"))
    x = helper.make_tensor_value_info("x", onnx.TensorProto.FLOAT, [64, 2, 500, 2])
    y = helper.make_tensor_value_info("y", onnx.TensorProto.FLOAT, [64, 512, 500, 2])
    graph = helper.make_graph(nodes, "rows", [x], [y], weights)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    onnx.save(model, tmp_path / "rows.onnx")
    report = tmp_path / "report.json"
    result = convoy("optimize", tmp_path / "rows.onnx", tmp_path / "o.onnx", "--target", "ort",
                    "--report", report)
    assert result.returncode == 0, result.stderr
    missed = [entry for entry in json.loads(report.read_text())["nearly"] if "estimates" in entry]
    assert missed and "would not pay" in missed[0]["reason"]
    decides = [entry for entry in missed[0]["estimates"] if entry["decides"]]
    assert decides[0]["target"] == "ort" and decides[0]["after_us"] > decides[0]["before_us"]


def test_bench_prints_json():
    result = convoy("bench", ROWS, "--shape", "x=1x15x10x100", "--seconds", "0.05", "--json")
    figures = json.loads(result.stdout)
    assert figures["runs"] > 0 and figures["min_ms"] <= figures["median_ms"] <= figures["p99_ms"]


def test_profile_writes_a_trace_and_a_page(tmp_path):
    result = convoy("profile", ROWS, "--shape", "x=1x15x10x100", "--runs", "1", "--trace",
                    tmp_path / "t.json", "--html", tmp_path / "p.html")
    assert result.returncode == 0, result.stderr
    assert json.loads((tmp_path / "t.json").read_text())["traceEvents"]
    assert "<table>" in (tmp_path / "p.html").read_text()


def test_test_compares_with_golden_outputs(tmp_path):
    data = tmp_path / "test_data_set_0"
    data.mkdir()
    (tmp_path / "model.onnx").write_bytes((ROOT / "models" / "conv1d_groups.onnx").read_bytes())
    x = np.ones((2, 16, 20), "f4")
    (data / "input_0.pb").write_bytes(onnx.numpy_helper.from_array(x, "x").SerializeToString())
    wrong = onnx.numpy_helper.from_array(np.zeros((2, 32, 19), "f4"), "dense")
    (data / "output_0.pb").write_bytes(wrong.SerializeToString())
    result = convoy("test", tmp_path)
    assert result.returncode == 1
    assert "output 'dense' differs by" in result.stdout and "0 passed, 1 failed" in result.stdout
