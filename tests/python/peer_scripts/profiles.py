"""Profiles of sessions."""

import json
import os
import time

import numpy as np
from cases import case
from sessions import open_model


@case
def profile_of_a_run(ort, folder):
    options = ort.SessionOptions()
    options.enable_profiling = True
    options.profile_file_prefix = "mine"
    session = open_model(ort, folder, "mul", options)
    for _ in range(2):
        session.run(None, {"x": np.ones((3, 2), "f4")})
    path = session.end_profiling()
    text = open(path, encoding="utf-8").read()
    events = json.loads(text)
    lines = text.strip().splitlines()
    nodes = [event for event in events if event["cat"] == "Node"
             and event["name"].endswith("_kernel_time")]
    names = {event["name"] for event in events}
    keys = ("cat", "pid", "tid", "dur", "ts", "ph", "name", "args")
    return [os.path.exists(path), path.startswith("mine_"), path.endswith(".json"),
            sorted({event["args"]["op_name"] for event in nodes}),
            [event["args"]["provider"] for event in nodes],
            [event["args"]["output_type_shape"] for event in nodes],
            [event["args"]["node_index"] for event in nodes],
            {"model_run", "session_initialization", "SequentialExecutor::Execute"} <= names,
            all(all(key in event for key in keys) for event in events),
            {event["ph"] for event in events} == {"X"}, session.end_profiling(),
            lines[0].startswith("["), lines[-1].endswith("]"), len(lines) >= len(events)]


@case
def no_profile(ort, folder):
    session = open_model(ort, folder, "mul")
    return [session.end_profiling(), session.get_profiling_start_time_ns(), os.listdir(".")]


@case
def profile_without_an_end(ort, folder):
    options = ort.SessionOptions()
    options.enable_profiling = True
    session = open_model(ort, folder, "mul", options)
    session.run(None, {"x": np.ones((3, 2), "f4")})
    del session
    return [name.split("_20")[0] for name in os.listdir(".")]


@case
def profiling_start_times(ort, folder):
    options = ort.SessionOptions()
    options.enable_profiling = True
    before = time.time_ns()
    starts = [open_model(ort, folder, "mul", options).get_profiling_start_time_ns()
              for _ in range(3)]
    return [before <= starts[0] <= starts[1] <= starts[2] <= time.time_ns()]
