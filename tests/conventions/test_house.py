"""tools/check --house: no idea stands in more places than before, and a second copy is counted."""

import re
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

COPIES = {
    "operands brought into a kernel's form": """
        Tensor bring(const Tensor& given, const Need& need) {
          return meets(given.desc(), need) ? given : converted(form_for(given.desc(), need));
        }""",
    "choosing a kernel": """
        void pick(const OpDef& op) {
          for (const auto& candidate : op.kernels) consider(candidate);
        }""",
    "figures of cost": """
        constexpr double kStart = 4e-8;
        constexpr double kByte = 2e-10;
        constexpr double kRow = 1e-8;""",
    "vector types": "typedef float Eight __attribute__((vector_size(32)));",
    "exp, tanh and other polynomials of vectors": """
        float grow(float x) {
          return 1.0f + x * (0.99998f + x * (0.50012f + x * (0.16661f + x * (4.1654e-2f +
                 x * 8.3298e-3f))));
        }""",
    "descriptions of a convolution": """
        struct Shape {
          Dims kernel, strides, dilations;
          Dims pads;
        };""",
    "register tiles of a product": """
        template <class V>
        void tile(const float* a, const float* b) {
          typename V::reg sums[4][2] = {};
          reg acc[4][2];
          for (int i = 0; i < 4; ++i)
            for (int j = 0; j < 2; ++j) acc[i][j] = V::fma(a[i], b[j], acc[i][j]);
        }""",
    "counting the work of a node": """
        double arithmetic(const Dims& kernel, double outputs) {
          double all = outputs * element_count(kernel);
          return all;
        }""",
    "windows and their padding": """
        int64_t span(int64_t kernel, int64_t dilation) { return dilation * (kernel - 1) + 1; }""",
    "what follows a sum": """
        struct Finish {
          Function kind = Function::kNone;
          float alpha = 0;
          float beta = 0;
        };""",
    "lists of operators in rewrites":
        'const std::set<std::string> kPointwise = {"Relu", "Tanh", "Sigmoid"};',
}


def house(root: Path):
    """The status of the check, and by idea its count and what it may be."""
    done = subprocess.run([sys.executable, ROOT / "tools/check", root, "--house"],
                          capture_output=True, text=True)
    found = re.findall(r"^(.*): (\d+) \(allowed (\d+), to be \d+\):", done.stdout, re.MULTILINE)
    assert found, done.stdout + done.stderr
    return done.returncode, {idea: (int(count), int(allowed)) for idea, count, allowed in found}


def test_no_idea_stands_in_more_places_than_it_may():
    status, counts = house(ROOT)
    assert status == 0, counts
    for idea, (count, allowed) in counts.items():
        assert count == allowed, f"{idea}: {count} now; lower the allowance in check_house.py"


@pytest.fixture
def tree(tmp_path):
    for folder in ("ops/kernels", "ops/rewrites", "runtime/op"):
        (tmp_path / folder).mkdir(parents=True)
    (tmp_path / "ops/activations.cc").write_text(
        'void add() { registry.add("Relu"); registry.add("Tanh"); registry.add("Sigmoid"); }\n')
    return tmp_path


def test_every_idea_has_a_copy_here(tree):
    _, counts = house(tree)
    assert counts.keys() == COPIES.keys()
    assert {count for count, _ in counts.values()} == {0}


@pytest.mark.parametrize("idea", COPIES)
def test_a_copy_is_counted_and_too_many_are_a_breach(tree, idea):
    _, counts = house(tree)
    allowed = counts[idea][1]
    folder = tree / ("ops/rewrites" if "rewrites" in idea else "ops/kernels")
    for i in range(allowed + 1):
        (folder / f"copy_{i}.cc").write_text(textwrap.dedent(COPIES[idea]) + "\n")
        if i + 1 == allowed:
            assert house(tree) == (0, {**counts, idea: (allowed, allowed)})
    assert house(tree) == (1, {**counts, idea: (allowed + 1, allowed)})


def test_what_comments_and_texts_say_is_not_counted(tree):
    (tree / "ops/kernels/words.cc").write_text(
        "// for (const auto& candidate : op.kernels) is how kernels were chosen\n"
        'void say() { print("dilation * (kernel - 1)"); }\n')
    assert {count for count, _ in house(tree)[1].values()} == {0}
