"""What is said once about options that do not apply here, and how much is said."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

from . import _convoy
from ._errors import InvalidInput

logger = logging.getLogger("convoy")
_LEVELS = (logging.DEBUG, logging.INFO, logging.WARNING, logging.ERROR, logging.CRITICAL)
WARNING = 2
_said: set[str] = set()


def accepted(what: str) -> None:
    """Logs at info level, once in a process, that `what` is accepted and changes nothing."""
    if what not in _said:
        _said.add(what)
        logger.info("%s is accepted and changes nothing in Convoy", what)


def integer(value: Any, what: str) -> int:
    """The value as an int, of NumPy's integers too; raises TypeError for what is none."""
    if isinstance(value, bool) or not hasattr(value, "__index__"):
        raise TypeError(f"{what} is an integer, not {type(value).__name__}")
    return value.__index__()


def check_severity(severity: int, lowest: int = 0) -> int:
    """The severity; raises InvalidInput where it is none: 0 verbose, 1 info … 4 fatal."""
    severity = integer(severity, "a severity")
    if not lowest <= severity < len(_LEVELS):
        raise InvalidInput(f"the severity {severity} is none of 0 (verbose) to 4 (fatal)")
    return severity


def set_default_logger_severity(severity: int) -> None:
    """0 verbose, 1 info, 2 warning, 3 error, 4 fatal: what is less severe is not shown."""
    severity = check_severity(severity)
    level = _LEVELS[severity]
    if level < logging.WARNING and not (logger.handlers or logging.root.handlers):
        logger.addHandler(logging.StreamHandler())
    logger.setLevel(level)
    _convoy.show_warnings(severity <= WARNING)


def set_default_logger_verbosity(verbosity: int) -> None:
    """Accepted; there is one level of verbose messages."""
    integer(verbosity, "a verbosity")


class _Callback(logging.Handler):
    """Tells a callback what is logged; what it raises is dropped."""

    def __init__(self, callback: Callable[[int, str, str, str, str], None]) -> None:
        super().__init__()
        self._callback = callback

    def emit(self, record: logging.LogRecord) -> None:
        severity = sum(record.levelno >= level for level in _LEVELS[1:])
        place = f"{record.filename}:{record.lineno}"
        try:
            self._callback(severity, "convoy", "", place, record.getMessage())
        except Exception:  # noqa: BLE001, a broken callback must not break a run
            self.handleError(record)


def set_default_logger_callback(
    callback: Callable[[int, str, str, str, str], None] | None, severity: int = WARNING,
) -> None:
    """callback(severity, category, logger_id, location, message) gets what is logged, from that
    severity on; None: messages go where they went before."""
    if callback is not None and not callable(callback):
        raise InvalidInput(f"{callback!r} cannot be called")
    severity = check_severity(severity)
    for handler in [handler for handler in logger.handlers if isinstance(handler, _Callback)]:
        logger.removeHandler(handler)
    if callback is not None:
        logger.addHandler(_Callback(callback))
        logger.setLevel(_LEVELS[severity])
    logger.propagate = callback is None
