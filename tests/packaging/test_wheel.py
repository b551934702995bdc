"""The wheel of tools/wheel in an empty environment, without compilers: import, run, optimize, the
command line, beside other engines, its licences and its platform.
"""

import json
import os
import re
import subprocess
import sys
import time
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
MODEL = ROOT / "models/rowwise_conv1d.onnx"
FIRST_ANSWER = Path(__file__).with_name("first_answer.py").read_text()
BUNDLED = re.compile(r"lib(dnnl|gomp|protobuf|png|jpeg|tiff|webp|openjp2|re2|fmt|absl)")


@pytest.fixture(scope="session")
def environment(wheel, tmp_path_factory):
    """The folder of a virtual environment with the wheel and what it depends on."""
    folder = tmp_path_factory.mktemp("empty") / "venv"
    subprocess.run([sys.executable, "-m", "venv", folder], check=True)
    subprocess.run([folder / "bin/python", "-m", "pip", "install", "-q", wheel], check=True,
                   env=clean(folder))
    return folder


def clean(folder, **more):
    """Variables that name no compiler, no checkout and no libraries."""
    kept = {name: value for name, value in os.environ.items()
            if name.startswith("PIP_") or name in ("HOME", "LANG", "SSL_CERT_FILE")}
    return {**kept, "PATH": str(folder / "bin"), **more}


def run(folder, *command, **more):
    return subprocess.run([str(part) for part in command], capture_output=True, text=True,
                          cwd=folder, env=clean(folder, **more), timeout=600)


def test_first_answer_within_a_minute(environment):
    started = time.monotonic()
    done = run(environment, environment / "bin/python", "-c", FIRST_ANSWER, MODEL)
    assert done.returncode == 0, done.stderr
    assert time.monotonic() - started < 60
    said = json.loads(done.stdout.splitlines()[-1])
    assert said["same"] and said["finite"]
    assert said["from"].startswith(str(environment))
    outside = [path for path in said["libraries"]
               if BUNDLED.match(Path(path).name) and not path.startswith(str(environment))]
    assert outside == []


def test_command_line(environment, tmp_path):
    program = environment / "bin/convoy"
    for arguments in (["--help"], ["inspect", MODEL],
                      ["optimize", MODEL, tmp_path / "better.onnx", "--verify"],
                      ["run", tmp_path / "better.onnx", "--shape", "x=32x15x10x100"]):
        done = run(environment, program, *arguments)
        assert done.returncode == 0, f"{arguments}: {done.stdout}{done.stderr}"
    assert run(environment, program, "inspect", "absent.onnx").returncode == 1


ENGINES = {  # what each computes
    "onnxruntime": f"other.InferenceSession({str(MODEL)!r})",
    "openvino": f"other.Core().compile_model({str(MODEL)!r}, 'CPU')",
    "sklearn.ensemble": "sys.modules['sklearn.ensemble'].RandomForestClassifier(5, n_jobs=2)"
                        ".fit([[0], [1], [2], [3]], [0, 1, 0, 1]).predict([[1]])",
    "torch": "other.nn.Conv2d(3, 8, 3)(other.ones(1, 3, 64, 64)).sum().item()",
}


@pytest.mark.parametrize("order", ["before", "after"])
@pytest.mark.parametrize("other", ENGINES)
def test_beside_another_engine(environment, other, order, request):
    """Both libraries compute in one process; `order` says which is imported first."""
    command, variables = [environment / "bin/python"], {}
    if other == "torch":
        command.insert(0, request.getfixturevalue("with_torch"))
    else:
        peer = request.getfixturevalue("peer_python")
        if subprocess.run([peer, "-c", f"import {other}"], capture_output=True).returncode:
            pytest.skip(f"{other} is not in the peers' environment")
        packages = next(peer.parent.parent.glob("lib/python3.*/site-packages"))
        variables["PYTHONPATH"] = str(packages)
    engine = (f"import sys, {other} as _; other = sys.modules[{other.split('.')[0]!r}]; "
              f"{ENGINES[other]}\n")
    script = engine + FIRST_ANSWER if order == "before" else FIRST_ANSWER + engine + FIRST_ANSWER
    done = run(environment, *command, "-c", script, MODEL, **variables)
    assert done.returncode == 0, done.stderr
    assert all(json.loads(line)["same"] for line in done.stdout.splitlines() if "same" in line)


def test_licences_of_what_is_inside(wheel):
    archive = zipfile.ZipFile(wheel)
    names = archive.namelist()
    inside = {match[1] for name in names
              if (match := re.match(r"convoy[^/]*\.libs/(lib\w+)", name))}
    licences = {match[1] for name in names
                if (match := re.match(r"convoy-[^/]*\.dist-info/licenses/bundled/([^/]+)/", name))}
    assert {"onednn_cpu_gomp", "onnx", "nanobind", "robin-map", "libgomp1"} <= licences
    assert any(name.startswith("convoy-") and name.endswith("/LICENSE")
               and "/bundled/" not in name for name in names)
    assert not any("tiff" in name or "jbig" in name for name in inside)
    # libpng16-0a0c6ccf.so.16.39.0 is of the package libpng16-16.
    assert [name for name in inside
            if not any(licence.startswith(name) for licence in licences)] == []
    common = {Path(name).name for name in names if "/bundled/common-licenses/" in name}
    for name in names:
        if name.endswith("/copyright"):
            text = archive.read(name).decode()
            assert set(re.findall(r"/common-licenses/(\w[\w.+-]*\w)", text)) <= common, name


def test_platform(wheel):
    auditwheel = ROOT / ".venv-wheel/bin/auditwheel"
    if not auditwheel.exists():
        pytest.skip("tools/wheel has not run here: no .venv-wheel")
    path = f"{auditwheel.parent}:{os.environ['PATH']}"
    said = subprocess.run([auditwheel, "show", wheel], capture_output=True, text=True,
                          env={**os.environ, "PATH": path}, check=True).stdout
    found = re.search(r'platform tag: "manylinux_2_(\d+)_', " ".join(said.split()))
    assert found and int(found[1]) <= 36, said
