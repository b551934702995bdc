"""The programs of docs/examples in Python and shell print what they say. Those in C and C++ are
built and run by tests/embedding, against an installed Convoy."""

import os
import re
import shutil
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
EXAMPLES = ROOT / "docs/examples"


def test_the_python_program(example_folder, prints_what_it_says):
    command = [sys.executable, EXAMPLES / "run_model.py", example_folder / "model.onnx"]
    prints_what_it_says("run_model.py", command)


def test_the_shell_script(example_folder, prints_what_it_says, tmp_path):
    folder = shutil.copytree(example_folder, tmp_path / "example")
    path = f"{ROOT / 'build/bin'}{os.pathsep}{os.environ['PATH']}"
    prints_what_it_says("command_line.sh", [EXAMPLES / "command_line.sh", folder],
                        env={**os.environ, "PATH": path})


def test_every_program_says_what_it_prints():
    programs = [path for path in EXAMPLES.iterdir()
                if path.suffix in {".c", ".cc", ".py", ".sh"} and path.name != "write_model.py"]
    assert len(programs) == 4
    for path in programs:
        assert re.search("Prints.*:\n", path.read_text(encoding="utf-8")), path.name


def test_documents_name_the_programs():
    text = (EXAMPLES / "README.md").read_text(encoding="utf-8")
    for path in EXAMPLES.iterdir():
        assert path.name in text or path.name in {"README.md", "CMakeLists.txt"}, path.name
