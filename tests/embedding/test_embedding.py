"""An installed Convoy is found by CMake, carries what it needs, and runs from C and from C++."""

import os
import re
import shutil
import subprocess
from pathlib import Path

import onnx
import pytest
from onnx import TensorProto, helper

ROOT = Path(__file__).parents[2]
BUILD = ROOT / "build"


def run(*command, **options) -> str:
    environment = {name: value for name, value in os.environ.items() if name != "LD_LIBRARY_PATH"}
    result = subprocess.run([str(part) for part in command], capture_output=True, text=True,
                            env=environment, **options)
    assert result.returncode == 0, result.stdout + result.stderr
    return result.stdout


@pytest.fixture(scope="module", params=["installed", "unpacked"])
def prefix(request, tmp_path_factory):
    """Convoy as cmake --install puts it there, and as tools/wheel --library packs it."""
    folder = tmp_path_factory.mktemp("prefix")
    if request.param == "installed":
        run("cmake", "--install", BUILD, "--prefix", folder)
        return folder
    archive = run(ROOT / "tools/wheel", "--library", folder).splitlines()[-1]
    shutil.unpack_archive(archive, folder)
    return next(path for path in folder.iterdir() if path.is_dir())


@pytest.fixture(scope="module")
def build_project(prefix, tmp_path_factory):
    """Builds a project that finds Convoy in prefix, and gives the folder of its programs."""

    def build(source):
        folder = tmp_path_factory.mktemp("consumer")
        run("cmake", "-G", "Ninja", "-S", source, "-B", folder, f"-DCMAKE_PREFIX_PATH={prefix}")
        run("cmake", "--build", folder)
        return folder

    return build


@pytest.fixture(scope="module")
def consumer(build_project):
    return build_project(Path(__file__).parent)


@pytest.fixture(scope="module")
def examples(build_project):
    return build_project(ROOT / "docs/examples")


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    graph = helper.make_graph(
        [helper.make_node("Mul", ["x", "factor"], ["twice"]),
         helper.make_node("Neg", ["x"], ["minus"])],
        "embedding",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["n", 3]),
         helper.make_tensor_value_info("factor", TensorProto.FLOAT, [1])],
        [helper.make_tensor_value_info(name, TensorProto.FLOAT, ["n", 3])
         for name in ("twice", "minus")],
        [helper.make_tensor("factor", TensorProto.FLOAT, [1], [2.0])])
    path = tmp_path_factory.mktemp("model") / "model.onnx"
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)]), path)
    return path


@pytest.mark.parametrize("device", [[], ["cpu"], ["mirror"]])
@pytest.mark.parametrize("program", ["embed_c", "embed_cpp"])
def test_a_program_runs_a_model(consumer, model, program, device):
    lines = run(consumer / program, model, *device).splitlines()
    assert [line.split() for line in lines] == [
        ["0", "2", "4", "6", "8", "10"], ["-0", "-1", "-2", "-3", "-4", "-5"],
        ["factor=10", "10"], ["0", "2", "4", "6", "8", "10"]]


@pytest.mark.parametrize("device", ["cuda:3", "nowhere"])
@pytest.mark.parametrize("program", ["embed_c", "embed_cpp"])
def test_a_missing_device_is_an_error_with_a_message(consumer, model, program, device):
    result = subprocess.run([consumer / program, model, device], capture_output=True, text=True)
    assert result.returncode == 1
    assert device in result.stderr


@pytest.mark.parametrize("program", ["embed_c", "embed_cpp"])
def test_a_missing_model_is_an_error_with_a_message(consumer, tmp_path, program):
    missing = tmp_path / "missing.onnx"
    result = subprocess.run([consumer / program, missing], capture_output=True, text=True)
    assert result.returncode == 1
    assert "missing.onnx" in result.stderr


@pytest.mark.parametrize("program, source", [("run_model_c", "run_model.c"),
                                             ("run_model_cpp", "run_model.cc")])
def test_examples_print_what_they_say(examples, example_folder, prints_what_it_says, program,
                                      source):
    prints_what_it_says(source, [examples / program, example_folder / "model.onnx"])


def test_the_library_exports_what_is_recorded(prefix):
    """A line that goes from abi.txt breaks programs; a new function adds one."""
    library = next(prefix.glob("lib*/**/libconvoy.so"))
    lines = run("nm", "-D", "--defined-only", library).splitlines()
    symbols = sorted(line.split()[-1] for line in lines if line.split()[-2] != "A")
    assert symbols == Path(__file__).with_name("abi.txt").read_text().split()


def test_pkg_config_finds_the_library(prefix, tmp_path, monkeypatch):
    found = next(prefix.glob("lib*/**/pkgconfig"))
    moved = tmp_path / "moved"
    shutil.copytree(prefix, moved, symlinks=True)
    monkeypatch.setenv("PKG_CONFIG_PATH", str(moved / found.relative_to(prefix)))
    flags = run("pkg-config", "--cflags", "--libs", "convoy").split()
    run("g++", "-std=c++17", Path(__file__).with_name("embed.cc"), *flags, "-o", tmp_path / "embed",
        f"-Wl,-rpath,{moved / found.relative_to(prefix).parent}")
    result = subprocess.run([tmp_path / "embed", "missing.onnx"], capture_output=True, text=True)
    assert result.returncode == 1 and "missing.onnx" in result.stderr


def test_libraries_lie_beside_it_with_their_licences(prefix):
    """oneDNN in both forms; in the tarball, also those that another system may lack."""
    licences = prefix / "share/licenses/convoy/bundled"
    carried = "lib(dnnl"
    if prefix.name.startswith("convoy-"):
        carried += "|gomp|protobuf|png|jpeg|tiff|webp|openjp2|re2|fmt"
        names = {path.name for path in licences.iterdir() if any(path.iterdir())}
        assert {"onednn_cpu_gomp", "onnx", "libgomp1"} <= names
        assert any(name.startswith("libprotobuf") for name in names)
    library = next(prefix.glob("lib*/**/libconvoy.so"))
    found = 0
    for name, path in re.findall(r"^\s*(\S+) => (\S+)", run("ldd", library), re.MULTILINE):
        if re.match(carried + ")", name):
            assert Path(path).parent == library.parent, name
            found += 1
    assert found


def test_the_installed_command_line_needs_nothing_from_the_build_folder(prefix):
    assert (prefix / "bin" / "convoy").exists()
    path = run("readelf", "-d", prefix / "bin" / "convoy")
    assert str(ROOT) not in path
    run(prefix / "bin" / "convoy", "--help")
