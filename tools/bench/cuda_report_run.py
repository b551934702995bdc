"""Measures Convoy on the GPU of this machine from a folder that tools/bench/cuda_report made.

    python3 run.py [--device cuda|cuda-emulated] [--minutes 8] [--tiny]

Needs Python 3.8 and nothing else; what is not here (a GPU, compute-sanitizer, PyTorch, ONNX
Runtime) is skipped, and said so. results.json has what was found so far at any time: one entry for
each step, 'ok', 'failed' or 'skipped'. Exits 1 if a step failed.
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
import tarfile
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
# (batch, rows): one Conv1d of 15 channels and 3 taps for each row of 100 positions.
ROWS = [(1, 10), (32, 10), (256, 10), (32, 64), (32, 256)]
TINY_ROWS = [(1, 10)]
CHANNELS, WIDTH, TAPS = 15, 100, 3


class Report:
    """Steps and what they gave, written as they end."""

    def __init__(self, path, minutes):
        self.path = path
        self.end = time.monotonic() + 60 * minutes
        self.entries = []

    def add(self, name, status, **more):
        self.entries.append({"name": name, "status": status, **more})
        self.path.write_text(json.dumps(self.entries, indent=1) + "\n")
        note = more.get("reason") or more.get("summary") or ""
        print(f"{status:8}{name}  {note}", flush=True)

    def run(self, name, command, environment=None, most=240):
        """The standard output of a command, or None where it failed or there is no time for it."""
        left = self.end - time.monotonic()
        if left < 5:
            self.add(name, "skipped", reason="the time is used up")
            return None
        try:
            done = subprocess.run(command, capture_output=True, text=True,
                                  timeout=min(left, most),
                                  env={**os.environ, **(environment or {})})
        except subprocess.TimeoutExpired:
            self.add(name, "failed", reason=f"not done within {min(left, most):.0f} s")
            return None
        if done.returncode != 0:
            said = (done.stdout + done.stderr).strip().splitlines()
            self.add(name, "failed", reason=said[-1] if said else f"exit code {done.returncode}",
                     output=said[-40:])
            return None
        return done.stdout


def last_line(text):
    return text.strip().splitlines()[-1] if text.strip() else ""


def test_kernels(report, device, tiny):
    library = "convoy_cuda" if device.startswith("cuda:") or device == "cuda" else \
        "convoy_cuda_emulated"
    tests = [str(HERE / "bin/convoy_tests_cuda")]
    environment = {"CONVOY_CUDA_LIBRARY": library}
    select = "--gtest_filter=Kernels.*:GroupedConv.*"
    text = report.run("kernels", tests + [select], environment)
    if text is not None:
        report.add("kernels", "ok", summary=last_line(text))
    sanitizer = shutil.which("compute-sanitizer")
    if tiny or sanitizer is None or library != "convoy_cuda":
        report.add("compute-sanitizer", "skipped", reason="not on this machine"
                   if sanitizer is None else "for a GPU alone")
        return
    for tool in ("memcheck", "racecheck"):
        text = report.run(f"compute-sanitizer {tool}",
                          [sanitizer, "--tool", tool, "--error-exitcode", "3"] + tests + [select],
                          environment)
        if text is not None:
            report.add(f"compute-sanitizer {tool}", "ok", summary=last_line(text))


def test_models(report, device, tiny):
    folders = sorted(str(path.parent) for path in (HERE / "models").glob("*/model.onnx"))
    if tiny:
        folders = folders[:3]
    if not folders:
        report.add("models", "skipped", reason="none were packed")
        return
    text = report.run("models", [str(HERE / "bin/convoy"), "test", "--device", device] + folders)
    if text is not None:
        report.add("models", "ok", summary=last_line(text))


def bench(report, name, model, device, seconds, shape=None, **more):
    command = [str(HERE / "bin/convoy"), "bench", str(model), "--device", device, "--resident",
               "--seconds", str(seconds), "--json"]
    text = report.run(name, command + (["--shape", shape] if shape else []))
    if text is None:
        return
    figures = json.loads(text)
    micros = 1e3 * figures["median_ms"]
    if "bytes" in more:
        more["gigabytes_per_second"] = more["bytes"] / micros / 1e3
        more["gigaflops"] = more["operations"] / micros / 1e3
    report.add(name, "ok", summary=f"{micros:.1f} µs", microseconds=micros, figures=figures, **more)


def bench_rows(report, device, seconds, tiny):
    for batch, rows in TINY_ROWS if tiny else ROWS:
        out = WIDTH - TAPS + 1
        floats = batch * CHANNELS * rows * (WIDTH + out) + rows * CHANNELS * (CHANNELS * TAPS + 1)
        bench(report, f"rows B={batch} H={rows}", HERE / f"rows_{rows}.onnx", device, seconds,
              f"x={batch}x{CHANNELS}x{rows}x{WIDTH}", bytes=4 * floats,
              operations=2 * batch * rows * CHANNELS * CHANNELS * TAPS * out)


def bench_networks(report, device, seconds):
    for model in sorted((HERE / "networks").glob("*.onnx")):
        bench(report, f"network {model.stem}", model, device, seconds)


def race_peers(report, tiny):
    command = [sys.executable, str(HERE / "peers.py")] + (["--tiny"] if tiny else [])
    text = report.run("peers", command)
    for line in (text or "").splitlines():
        entry = json.loads(line)
        report.add(entry.pop("name"), entry.pop("status"), **entry)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--device", default="cuda")
    parser.add_argument("--minutes", type=float, default=8)
    parser.add_argument("--seconds", type=float, default=1, help="of each measurement")
    parser.add_argument("--tiny", action="store_true", help="a little of each step")
    options = parser.parse_args()
    if not (HERE / "lib").exists():
        with tarfile.open(HERE / "lib.tar.gz") as archive:
            archive.extractall(HERE)
    report = Report(HERE / "results.json", options.minutes)
    text = report.run("devices", [str(HERE / "bin/convoy"), "devices"])
    if text is None:
        return 1
    found = [line for line in text.splitlines() if line.split()[:1] == [options.device]]
    if not found or "none:" in found[0]:
        report.add(options.device, "failed", reason=found[0] if found else "unknown")
        return 1
    report.add("devices", "ok", summary=found[0])
    seconds = 0.05 if options.tiny else options.seconds
    test_kernels(report, options.device, options.tiny)
    test_models(report, options.device, options.tiny)
    bench_rows(report, options.device, seconds, options.tiny)
    race_peers(report, options.tiny)
    bench_networks(report, options.device, seconds)
    return 1 if any(entry["status"] == "failed" for entry in report.entries) else 0


if __name__ == "__main__":
    sys.exit(main())
