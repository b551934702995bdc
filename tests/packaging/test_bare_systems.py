"""What tools/wheel makes, in the smallest Debian systems that debootstrap makes: no compilers, no
headers, no network. Only `tools/test --full` runs them, as root.
"""

import json
import os
import resource
import shutil
import subprocess
import sys
from pathlib import Path

import onnx.parser
import pytest

ROOT = Path(__file__).parents[2]
MODEL = ROOT / "models/rowwise_conv1d.onnx"
# proc, and no network, are the program's own and go with it.
ENTER = 'mount -t proc proc "$1/proc" && exec chroot "$1" sh -ec "$2"'
INSTALL_AND_ANSWER = """
for program in cc c++ gcc g++ cmake; do if command -v $program; then exit 1; fi; done
python3 -m venv /venv
/venv/bin/pip install -q --no-index --find-links /given convoy
/venv/bin/python /given/first_answer.py /given/model.onnx
"""
USE = """
export PATH=/venv/bin:$PATH
convoy inspect /given/model.onnx
convoy optimize /given/model.onnx /tmp/better.onnx --verify
convoy run /tmp/better.onnx --shape x=32x15x10x100
echo 'import onnxruntime; onnxruntime.InferenceSession("/tmp/better.onnx")' > /tmp/program.py
python -m convoy.as_onnxruntime /tmp/program.py
"""
NEGATION = """
<ir_version: 8, opset_import: ["": 17]> negation (float[n, 3] x) => (float[n, 3] y) { y = Neg(x) }
"""
EMBED = """
cmake -S /given/embedding -B /tmp/embedding -DCMAKE_PREFIX_PATH=$(echo /given/convoy-*)
cmake --build /tmp/embedding
/tmp/embedding/embed_c /given/model.onnx
/tmp/embedding/embed_cpp /given/model.onnx
"""


@pytest.fixture(scope="module")
def bare_system(is_full, tmp_path_factory):
    """Makes a system with these packages, or skips; gives its folder."""
    if not is_full:
        pytest.skip("only tools/test --full makes bare systems")
    if os.geteuid() != 0 or shutil.which("debootstrap") is None:
        pytest.skip("making a bare system needs debootstrap, and root's rights")

    def make(suite, *packages):
        folder = tmp_path_factory.mktemp(suite) / "root"
        # What it mounts goes with it, also where it is interrupted.
        command = ["unshare", "--mount", "debootstrap", "--variant=minbase"]
        done = subprocess.run([*command, f"--include={','.join(packages)}", suite, folder],
                              capture_output=True, text=True)
        if done.returncode != 0:
            pytest.skip(f"debootstrap {suite}: {done.stdout.splitlines()[-1]}")
        (folder / "given").mkdir()
        return folder

    return make


def run_in(folder, script):
    command = ["unshare", "--mount", "--net", "sh", "-ec", ENTER, "sh", folder, script]
    done = subprocess.run(command, capture_output=True, text=True, timeout=1200,
                          env={"PATH": "/usr/sbin:/usr/bin:/sbin:/bin"})
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def processor_seconds():
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


@pytest.mark.parametrize("suite, kind", [("bookworm", "wheel"), ("trixie", "newer_wheel")])
def test_wheel_in_a_bare_system(bare_system, request, suite, kind):
    """From an empty environment to the first answer in less than a minute of the processor."""
    folder = bare_system(suite, "python3", "python3-venv")
    given = folder / "given"
    shutil.copy(request.getfixturevalue(kind), given)
    shutil.copy(MODEL, given / "model.onnx")
    shutil.copy(Path(__file__).with_name("first_answer.py"), given)
    version = run_in(folder, "python3 -c 'import sys; print(\"%d.%d\" % sys.version_info[:2])'")
    download = [sys.executable, "-m", "pip", "download", "-q", "--no-deps", "--only-binary=:all:"]
    subprocess.run([*download, "--python-version", version.strip(), "-d", given, "numpy"],
                   check=True)
    started = processor_seconds()
    said = json.loads(run_in(folder, INSTALL_AND_ANSWER).splitlines()[-1])
    assert processor_seconds() - started < 60
    assert said["same"] and said["finite"] and said["from"].startswith("/venv/")
    run_in(folder, USE)


def test_library_in_a_system_with_only_a_compiler(bare_system, library):
    folder = bare_system("bookworm", "g++", "make", "cmake")
    shutil.unpack_archive(library, folder / "given")
    shutil.copytree(ROOT / "tests/embedding", folder / "given/embedding")
    onnx.save(onnx.parser.parse_model(NEGATION), folder / "given/model.onnx")
    # Each program runs the model twice.
    assert run_in(folder, EMBED).splitlines()[-4:] == ["-0 -1 -2 -3 -4 -5 "] * 4
