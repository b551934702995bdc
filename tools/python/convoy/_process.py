"""What holds for the whole process: versions, seeds, telemetry, as onnxruntime's functions."""

from __future__ import annotations

import pathlib
import platform
import sys
from typing import Any

from . import _convoy
from ._logging import accepted, integer
from ._providers import CUDA, get_available_providers

__version__ = "0.1.0"
SHIM = pathlib.Path(__file__).parent / "shim"


def onnxruntime_version() -> str:
    """The version of onnxruntime whose interface this is; shim/…/PKG-INFO says it. (What
    makes wheels leaves out folders that are called dist-info.)"""
    text = (SHIM / "onnxruntime.egg-info" / "PKG-INFO").read_text(encoding="utf-8")
    return next(line.split(":")[1].strip() for line in text.splitlines()
                if line.startswith("Version:"))


def get_version_string() -> str:
    """The version of onnxruntime whose interface this is."""
    return onnxruntime_version()


def get_build_info() -> str:
    """Convoy's version, and of onnxruntime that whose interface this is."""
    return f"Build Info: Convoy {__version__}, interface of ONNX Runtime {onnxruntime_version()}"


def get_device() -> str:
    """ "GPU" where CUDAExecutionProvider is available, else "CPU"."""
    return "GPU" if CUDA in get_available_providers() else "CPU"


def has_collective_ops() -> bool:
    """False: there are no operators that talk to other processes."""
    return False


def set_seed(seed: int) -> None:
    """Sessions made from here on draw by it where a random operator has no seed of its own.

    A session that is made anew, after the same call, draws the same in its first run, its second
    and so on.
    """
    _convoy.set_default_seed(integer(seed, "a seed") % 2**64)


def enable_telemetry_events() -> None:
    """Nothing is sent to anyone, whether this is called or not."""


def disable_telemetry_events() -> None:
    """Nothing is sent to anyone, whether this is called or not."""


def create_and_register_allocator(*arguments: Any) -> None:
    """Accepted: plans allocate what they need at once."""
    accepted("create_and_register_allocator")


def create_and_register_allocator_v2(*arguments: Any) -> None:
    """Accepted: plans allocate what they need at once."""
    accepted("create_and_register_allocator_v2")


def set_global_thread_pool_sizes(*arguments: Any) -> None:
    """Accepted: each session has threads of its own."""
    accepted("set_global_thread_pool_sizes")


def preload_dlls(*arguments: Any, **keywords: Any) -> None:
    """Nothing is to be loaded first: the libraries of GPUs are not used."""


def print_debug_info() -> None:
    """Writes versions to stdout."""
    print(f"{get_build_info()}; Python {sys.version.split()[0]} on {platform.platform()}; "
          f"providers {get_available_providers()}")
