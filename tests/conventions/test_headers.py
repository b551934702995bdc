"""tools/check --headers: headers compile alone, and one that does not is named with the reason."""

import json
import random
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SAMPLE = 3


def check_headers(*arguments) -> subprocess.CompletedProcess:
    command = [sys.executable, ROOT / "tools/check", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True)


def test_headers_compile_alone(is_full, seed):
    listing = subprocess.run(["git", "-C", ROOT, "ls-files", "*.h", "*.hpp"], text=True,
                             capture_output=True, check=True).stdout.split()
    sample = [] if is_full else random.Random(seed).sample(listing, SAMPLE)
    result = check_headers(ROOT, "--headers", *sample)
    assert result.returncode == 0, result.stdout + result.stderr
    assert result.stdout == ""


@pytest.fixture
def tree(tmp_path):
    """Three sources, each with a header; that of wide.cc is for AVX2."""
    texts = {
        "ops/good.h": "#include <string>\nstd::string good();\n",
        "ops/bad.h": "#pragma once\nstd::string bad();\n",
        "ops/wide.h": "#ifndef __AVX2__\n#error AVX2 is off\n#endif\n",
    }
    flags = {"good": "", "bad": "", "wide": "-mavx2 "}
    entries = []
    for path, text in texts.items():
        name = Path(path).stem
        file = tmp_path / path
        file.parent.mkdir(exist_ok=True)
        file.write_text(text)
        file.with_suffix(".cc").write_text(f'#include <string>\n#include "{path}"\n')
        entries.append({"directory": str(tmp_path / "build"), "file": f"../ops/{name}.cc",
                        "command": f"{shutil.which('g++')} -std=c++20 -I.. {flags[name]}"
                                   f"-o {name}.o -c ../ops/{name}.cc"})
    (tmp_path / "build").mkdir()
    (tmp_path / "build/compile_commands.json").write_text(json.dumps(entries))
    return tmp_path


def test_a_header_that_needs_what_it_does_not_include_is_named(tree):
    result = check_headers(tree, "--headers")
    assert result.returncode == 1, result.stderr
    [line] = result.stdout.splitlines()
    assert line.startswith("ops/bad.h:2: does not compile on its own: ")


def test_only_headers_that_are_named_are_compiled(tree):
    assert check_headers(tree, "--headers", "ops/good.h", "ops/wide.h").returncode == 0
    assert check_headers(tree, "--headers", "ops").returncode == 1


def test_headers_of_cuda_kernels_are_compiled_as_their_emulation_is(tree):
    copy = tree / "build/generated/emulated/ops/kernel.cu.cc"
    copy.parent.mkdir(parents=True)
    copy.write_text('#include "ops/kernel.cu"\n')
    (tree / "ops/kernel.cu").write_text('#include "ops/kernel.h"\n')
    (tree / "ops/kernel.h").write_text("#ifndef EMULATED\n#error for the host\n#endif\n")
    database = tree / "build/compile_commands.json"
    entries = json.loads(database.read_text())
    for compiler, file in ("nvcc --gpu", tree / "ops/kernel.cu"), ("g++ -DEMULATED", copy):
        entries.append({"directory": str(tree / "build"), "file": str(file),
                        "command": f"{compiler} -c {file} -o kernel.o"})
    database.write_text(json.dumps(entries))
    result = check_headers(tree, "--headers", "ops/kernel.h")
    assert result.returncode == 0, result.stdout + result.stderr


def test_a_name_that_is_no_header_is_refused(tree):
    result = check_headers(tree, "--headers", "ops/missing.h")
    assert result.returncode == 2
    assert "ops/missing.h" in result.stderr
