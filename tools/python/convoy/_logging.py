"""What is said once about options that do not apply here, and how much is said."""

from __future__ import annotations

import logging

from . import _convoy
from ._errors import InvalidInput

logger = logging.getLogger("convoy")
_LEVELS = (logging.DEBUG, logging.INFO, logging.WARNING, logging.ERROR, logging.CRITICAL)
_WARNING = 2
_said: set[str] = set()


def accepted(what: str) -> None:
    """Logs at info level, once in a process, that `what` is accepted and changes nothing."""
    if what not in _said:
        _said.add(what)
        logger.info("%s is accepted and changes nothing in Convoy", what)


def check_severity(severity: int, lowest: int = 0) -> int:
    """The severity; raises InvalidInput where it is none: 0 verbose, 1 info … 4 fatal."""
    if isinstance(severity, bool) or not isinstance(severity, int):
        raise TypeError(f"a severity is an integer, not {type(severity).__name__}")
    if not lowest <= severity < len(_LEVELS):
        raise InvalidInput(f"the severity {severity} is none of 0 (verbose) to 4 (fatal)")
    return severity


def set_default_logger_severity(severity: int) -> None:
    """0 verbose, 1 info, 2 warning, 3 error, 4 fatal: what is less severe is not shown."""
    level = _LEVELS[check_severity(severity)]
    if level < logging.WARNING and not (logger.handlers or logging.root.handlers):
        logger.addHandler(logging.StreamHandler())
    logger.setLevel(level)
    _convoy.show_warnings(severity <= _WARNING)


def set_default_logger_verbosity(verbosity: int) -> None:
    """Accepted; there is one level of verbose messages."""
    if not isinstance(verbosity, int):
        raise TypeError(f"a verbosity is an integer, not {type(verbosity).__name__}")


def set_default_logger_callback(callback: object) -> None:
    """callback(severity, category, logger_id, location, message) gets what would be logged."""

    class _Handler(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            severity = sum(record.levelno >= level for level in _LEVELS[1:])
            callback(severity, "convoy", "", f"{record.filename}:{record.lineno}",
                     record.getMessage())

    for handler in list(logger.handlers):
        logger.removeHandler(handler)
    if callback is not None:
        logger.addHandler(_Handler())
    logger.propagate = callback is None
