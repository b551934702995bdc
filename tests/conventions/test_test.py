"""What tools/test -k builds and runs, and how its closing line comes about."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture
def tree(tmp_path):
    """Two folders of GoogleTest and two files of pytest."""
    texts = {
        "base/queue_test.cc": "TEST(Queue, KeepsOrder) {}\nTEST_F(Locks, AreFair) {}\n",
        "ops/pool_test.cc": "CONVOY_OP_CASES(\n    Pool, cases());\nTEST_P(Windows, Fit) {}\n",
        "ops/cases.cc": "// Queue\n",
        "cli/test_cli.py": "def test_usage_is_short():\n    pass\n",
        "fuzz/test_graphs.py": "def test_many():\n    run('graph_fuzz')\n",
    }
    for path, text in texts.items():
        file = tmp_path / "tests" / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    return tmp_path


def select(root, pattern):
    done = subprocess.run([sys.executable, ROOT / "tools/test_selection.py", root, pattern],
                          capture_output=True, text=True, check=True)
    programs, filters, needs = done.stdout.splitlines()
    return programs.split(), filters.split(":"), needs.split()


PYTEST = ["convoy", "convoy_cli", "convoy_python"]


@pytest.mark.parametrize("pattern, programs, needs", [
    ("KeepsOrder", ["convoy_tests_base"], []),
    ("Queue.Keeps", ["convoy_tests_base"], []),
    ("Pool", ["convoy_tests_ops"], []),
    ("usage_is", [], PYTEST),
    ("Usage_Is or nothing", [], PYTEST),
    ("many", [], [*PYTEST, "graph_fuzz"]),
])
def test_what_a_name_needs_is_built(tree, pattern, programs, needs):
    assert select(tree, pattern) == (programs, [f"*{pattern}*"], needs)


def test_all_tests_of_a_file_that_is_named_run(tree):
    programs, filters, needs = select(tree, "base/queue")
    assert (programs, needs) == (["convoy_tests_base"], [])
    assert filters == ["*base/queue*", "Queue.*", "*/Queue.*", "Locks.*", "*/Locks.*"]


def test_a_name_that_stands_nowhere_may_be_made_by_any_test(tree):
    programs, filters, needs = select(tree, "float16_batch_2")
    assert programs == ["convoy_tests_base", "convoy_tests_ops"]
    assert filters == ["*float16_batch_2*"]
    assert set(needs) > set(PYTEST)


def write_results(folder, name, outcomes, status):
    tests = [{"name": str(i), "status": "RUN", "result": "COMPLETED",
              **({} if passed else {"failures": [{}]})} for i, passed in enumerate(outcomes)]
    (folder / f"{name}.json").write_text(json.dumps({"testsuites": [{"testsuite": tests}]}))
    (folder / f"{name}.status").write_text(f"{status}\n")


def summary(folder):
    done = subprocess.run([sys.executable, ROOT / "tools/test_summary.py", folder],
                          capture_output=True, text=True)
    return done.returncode, done.stdout.splitlines()


def test_the_closing_line_counts_every_program(tmp_path):
    write_results(tmp_path, "convoy_tests_base", [True, True], 0)
    write_results(tmp_path, "convoy_tests_ops", [True], 0)
    assert summary(tmp_path) == (0, ["3 passed, 0 failed"])
    write_results(tmp_path, "convoy_tests_plan", [True, False], 1)
    assert summary(tmp_path) == (1, ["4 passed, 1 failed"])


def test_a_program_that_died_is_named(tmp_path):
    write_results(tmp_path, "convoy_tests_base", [True], 0)
    (tmp_path / "convoy_tests_ops.log").write_text("[ RUN      ] Pool.Computes\n")
    (tmp_path / "convoy_tests_ops.status").write_text("139\n")
    status, lines = summary(tmp_path)
    assert (status, lines[-1]) == (1, "1 passed, 1 failed")
    assert lines[0].startswith("convoy_tests_ops died in Pool.Computes")


def test_a_program_that_did_not_start_has_failed(tmp_path):
    (tmp_path / "convoy_tests_ops.status").write_text("127\n")
    assert summary(tmp_path)[1][-1] == "0 passed, 1 failed"


def test_no_test_is_a_failure(tmp_path):
    write_results(tmp_path, "convoy_tests_base", [], 0)
    assert summary(tmp_path) == (1, ["no test ran", "0 passed, 0 failed"])
