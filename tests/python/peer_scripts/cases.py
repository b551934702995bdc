"""Scripts that run once with onnxruntime and once with Convoy; what they return is compared.

A case takes the module and the folder of models. What it returns holds numbers, texts, arrays,
lists and dicts, and what raised() gives for calls that are to fail.
"""

import math

import numpy as np

CASES = {}


def case(function):
    """Registers a script under its function's name."""
    assert function.__name__ not in CASES, function.__name__
    CASES[function.__name__] = function
    return function


class Outcome(dict):
    """What raised() gives, as it is compared."""


def raised(function):
    """{"raised": names of the exception's class and its bases}, or {"value": what is returned}."""
    try:
        return Outcome(value=plain(function()))
    except Exception as error:  # noqa: BLE001, every kind is compared
        names = [base.__name__ for base in type(error).__mro__]
        return Outcome(raised=names[: names.index("Exception") + 1], message=str(error))


def plain(value):
    """The value in what JSON has; arrays with type and shape."""
    if isinstance(value, Outcome):
        return value
    if isinstance(value, np.ndarray):
        return {"dtype": value.dtype.name if value.dtype.kind != "U" else "object",
                "shape": list(value.shape),
                "values": [plain(item) for item in value.reshape(-1).tolist()]}
    if isinstance(value, np.generic):
        return plain(value.item())
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    if isinstance(value, dict):
        return {f"{type(key).__name__} {key}": plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    if value is None or isinstance(value, (bool, int, float, str)):
        return value
    return f"{type(value).__name__}"


def difference(peer, ours, place=""):
    """"" where both are equal; else where and what. An exception of ours must be caught by a clause
    for the peer's."""
    if isinstance(peer, dict) and "raised" in peer and isinstance(ours, dict):
        if "raised" not in ours:
            return f"{place}: the peer raised {peer['raised'][0]}, ours gave {ours}"
        if peer["raised"][0] not in ours["raised"]:
            return f"{place}: the peer raised {peer['raised'][0]}, ours {ours['raised']}"
        return ""
    if isinstance(peer, dict) and isinstance(ours, dict) and peer.keys() == ours.keys():
        return "; ".join(filter(None, (difference(peer[key], ours[key], f"{place}.{key}")
                                       for key in peer)))
    if isinstance(peer, list) and isinstance(ours, list) and len(peer) == len(ours):
        return "; ".join(filter(None, (difference(a, b, f"{place}[{i}]")
                                       for i, (a, b) in enumerate(zip(peer, ours)))))
    if isinstance(peer, float) and isinstance(ours, float):
        return "" if math.isclose(peer, ours, rel_tol=1e-5, abs_tol=1e-6) else (
            f"{place}: {peer} and {ours}")
    return "" if type(peer) is type(ours) and peer == ours else f"{place}: {peer!r} and {ours!r}"
