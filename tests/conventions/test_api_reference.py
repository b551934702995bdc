"""tools/api_reference has every public name, each with what is said of it."""

import re
import subprocess
import sys
from pathlib import Path

import convoy

ROOT = Path(__file__).parents[2]


def reference(*arguments):
    done = subprocess.run([sys.executable, ROOT / "tools/api_reference", *arguments],
                          capture_output=True, text=True)
    return done.returncode, done.stdout


def test_something_is_said_of_every_name():
    assert reference("--missing") == (0, "")


def test_every_function_is_there():
    status, text = reference()
    assert status == 0
    header = (ROOT / "runtime/include/convoy/convoy.h").read_text()
    functions = re.findall(r"^CONVOY_API [^;(]*?(\w+)\(", header, re.MULTILINE)
    assert len(functions) > 20
    for name in [*functions, "InferenceSession.run", "SessionOptions", "optimize"]:
        assert f"### `{name}" in text, name


def test_a_name_without_a_word_is_named(tmp_path, monkeypatch):
    monkeypatch.setattr(convoy.InferenceSession.run, "__doc__", None)
    script = {"__name__": "api_reference", "__file__": str(ROOT / "tools/api_reference")}
    exec((ROOT / "tools/api_reference").read_text(), script)  # noqa: S102
    missing = [name for name, _, text in script["python_names"]() if not text]
    assert missing == ["InferenceSession.run"]
