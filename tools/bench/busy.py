#!/usr/bin/env python3
"""Latency of Convoy, ONNX Runtime and OpenVINO while other processes are busy, engines in turn in
one process.

    tools/bench/busy.py MODEL.onnx... [--busy 0,1,2,4] [--threads 1,2] [--seconds 8]

For each model, thread count and number of processes that do nothing but count: median, 90th and
99th percentile in milliseconds, and the better peer's 90th percentile over Convoy's. Run with a
Python that has the engines; one that is not installed is left out.
"""

import argparse
import multiprocessing
import pathlib
import sys
import time

import numpy as np
from engines import feeds_of, warm_runners

TURN = 0.05  # seconds of an engine at a time
PAUSE = 0.06  # before the next one's turn: threads of the last spin on for a while


def count_on(ready):
    ready.set()
    number = 0
    while True:
        number += 1


class BusyProcesses:
    """So many processes that count until the block ends."""

    def __init__(self, count):
        self.context = multiprocessing.get_context("spawn")
        self.count = count

    def __enter__(self):
        ready = [self.context.Event() for _ in range(self.count)]
        self.processes = [self.context.Process(target=count_on, args=(event,), daemon=True)
                          for event in ready]
        for process in self.processes:
            process.start()
        for event in ready:
            event.wait()

    def __exit__(self, *_):
        for process in self.processes:
            process.kill()
            process.join()


def measure(engines, seconds):
    """Seconds that each run took, by engine."""
    times = {name: [] for name in engines}
    end = time.perf_counter() + seconds * len(engines)
    while time.perf_counter() < end:
        for name, run in engines.items():
            time.sleep(PAUSE)
            end += PAUSE
            run()
            turn_ends = time.perf_counter() + TURN
            while (start := time.perf_counter()) < turn_ends:
                run()
                times[name].append(time.perf_counter() - start)
    return times


def race(path, threads, busy, seconds):
    feeds = feeds_of(path, np.random.default_rng(1))
    engines = warm_runners(path, feeds, threads)
    with BusyProcesses(busy):
        times = measure(engines, seconds)
    points = {name: np.percentile(np.array(taken) * 1e3, (50, 90, 99))
              for name, taken in times.items()}
    peers = [at[1] for name, at in points.items() if name != "convoy"]
    ratio = min(peers) / points["convoy"][1] if peers else float("nan")
    figures = "  ".join(f"{name} {at[0]:.2f}/{at[1]:.2f}/{at[2]:.2f}"
                        for name, at in points.items())
    print(f"{pathlib.Path(path).stem:16} threads {threads} busy {busy}: x{ratio:.2f} at 90 %  "
          f"{figures}", flush=True)


def numbers(text):
    return [int(part) for part in text.split(",")]


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("models", nargs="+", metavar="MODEL")
    parser.add_argument("--busy", type=numbers, default=[0, 1, 2, 4])
    parser.add_argument("--threads", type=numbers, default=[1, 2])
    parser.add_argument("--seconds", type=float, default=8)
    arguments = parser.parse_args()
    for path in arguments.models:
        for threads in arguments.threads:
            for busy in arguments.busy:
                race(path, threads, busy, arguments.seconds)
    return 0


if __name__ == "__main__":
    sys.exit(main())
