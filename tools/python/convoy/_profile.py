"""Profiles of sessions as Chrome trace events."""

from __future__ import annotations

import datetime
import json
import os
import re
import time
from typing import Any

from . import _convoy
from ._errors import InvalidInput
from ._logging import logger

_TENSOR = re.compile(r"^(\w+)\[([\d,]*)\]$")
_NANOSECONDS = 1000


class Profile:
    """What one session does, from its making on; written once."""

    def __init__(self, prefix: str) -> None:
        now = datetime.datetime.now()
        stamp = now.strftime("%Y-%m-%d_%H-%M-%S_") + f"{now.microsecond // 1000:03d}"
        self.path = f"{prefix}_{stamp}.json"
        self.start_ns = time.time_ns()
        self._began = time.perf_counter_ns()
        self._events: list[dict[str, Any]] = []
        self._session: Any = None
        self._offset = 0

    def loaded(self, session: _convoy.Session, began: int, from_path: bool) -> None:
        """The session is made; `began`: time.perf_counter_ns() before its making."""
        name = "model_loading_uri" if from_path else "model_loading_array"
        now = time.perf_counter_ns()
        self._offset = began - self._began
        for event in (name, "session_initialization"):
            self._events.append(
                _event("Session", event, self._offset, now - began, os.getpid(), {}))
        self._session = session

    def finish(self) -> str:
        """Writes the file and returns its path; "" where that was done before."""
        session, self._session = self._session, None
        if session is None:
            return ""
        self._add(session.take_profile())
        try:
            with open(self.path, "w", encoding="utf-8") as file:
                events = ",\n".join(json.dumps(event) for event in self._events)
                file.write(f"[\n{events}\n]\n")
        except OSError as error:
            raise InvalidInput(f"the profile cannot be written: {error}") from None
        return self.path

    def _add(self, steps: list[tuple]) -> None:
        """What take_profile() gave: the steps of each run, and the run after them."""
        number = 0
        for name, operator, kernel, output, start, took, thread in steps:
            start += self._offset
            if not operator:
                number = 0
                for event in ("SequentialExecutor::Execute", name):
                    self._events.append(_event("Session", event, start, took, thread, {}))
                continue
            arguments = {
                "op_name": operator,
                "node_index": str(number),
                "provider": "CPUExecutionProvider",
                "kernel": kernel,
                "output_type_shape": _type_and_shape(output),
            }
            number += 1
            self._events.append(
                _event("Node", f"{name}_kernel_time", start, took, thread, arguments))

    def abandon(self) -> None:
        """finish() where nobody waits for the result."""
        try:
            self.finish()
        except InvalidInput as error:
            logger.error("%s", error)


def _event(category: str, name: str, start: int, took: int, thread: int,
           arguments: dict[str, Any]) -> dict[str, Any]:
    return {
        "cat": category,
        "pid": os.getpid(),
        "tid": thread,
        "ts": start // _NANOSECONDS,
        "dur": took // _NANOSECONDS,
        "ph": "X",
        "name": name,
        "args": arguments,
    }


def _type_and_shape(text: str) -> list[dict[str, list[int]]]:
    """[{"float": [1, 3]}] for "float32[1,3]"; [] for what is no tensor."""
    match = _TENSOR.match(text)
    if match is None:
        return []
    name = {"float32": "float", "float64": "double"}.get(match[1], match[1])
    return [{name: [int(size) for size in match[2].split(",") if size]}]
