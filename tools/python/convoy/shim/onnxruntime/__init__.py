"""Convoy under the name of onnxruntime; see convoy.install_as_onnxruntime."""

import pkgutil as _pkgutil
import sys as _sys

import convoy as _convoy
from convoy import *  # noqa: F403
from convoy import _onnxruntime_errors, capi, get_version_string
from convoy.capi import onnxruntime_validation  # noqa: F401
from convoy.capi.onnxruntime_validation import cuda_version, package_name  # noqa: F401

__author__ = "Microsoft"  # of the interface
__version__ = version = get_version_string()
__all__ = _convoy.__all__
# Packages of tools that a genuine onnxruntime brings (quantization, transformers) run over Convoy.
__path__ = _pkgutil.extend_path(__path__, __name__)

_onnxruntime_errors.appear()
for _name in capi.MODULES:
    _sys.modules[f"{__name__}.{_name}"] = _sys.modules[f"convoy.{_name}"]
