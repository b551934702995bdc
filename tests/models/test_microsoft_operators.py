"""Float operators of domain com.microsoft: against ONNX Runtime where its CPU provider has them
(the Python of the environment variable CONVOY_PEERS, or of .venv-peers), and against their
definition in NumPy where it has not."""

import pathlib
import sys

import numpy as np
import pytest

import convoy

HERE = pathlib.Path(__file__).parent
sys.path.insert(0, str(HERE))

from microsoft_attention import attention_cases, decoder  # noqa: E402
from microsoft_cases import simple_cases  # noqa: E402
from microsoft_definitions import cases_by_definition  # noqa: E402
from one_node import Case, check  # noqa: E402

CASES = simple_cases() + attention_cases()


def run_convoy(case, open_sizes=False):
    model, feeds = case.model(open_sizes=open_sizes)
    session = convoy.InferenceSession(model)
    names = [output.name for output in session.get_outputs()]
    return dict(zip(names, session.run(names, feeds)))


@pytest.fixture(scope="module")
def peer(run_in_peer, tmp_path_factory):
    folder = tmp_path_factory.mktemp("peer")
    for case in CASES:
        model, feeds = case.model()
        (folder / f"{case.name}.onnx").write_bytes(model)
        np.savez(folder / f"{case.name}.npz", **feeds)
    run_in_peer(HERE / "run_peer.py", folder)
    return folder


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_as_onnxruntime(case, peer):
    error = peer / f"{case.name}.error"
    assert not error.exists(), "onnxruntime: " + error.read_text()
    with np.load(peer / f"{case.name}.out.npz", allow_pickle=True) as expected:
        for open_sizes in (False, True):
            check(case, run_convoy(case, open_sizes), dict(expected))


@pytest.mark.parametrize(
    "case, expected", cases_by_definition(), ids=lambda value: getattr(value, "name", "")
)
def test_as_defined(case, expected):
    for open_sizes in (False, True):
        check(case, run_convoy(case, open_sizes), expected)


def test_greedy_search_ends():
    prompt = np.array([[1, 2, 4], [1, 2, 4]], np.int32)

    def search(end):
        set_ = {"decoder": decoder(0), "model_type": 0, "pad_token_id": 9, "eos_token_id": end}
        case = Case("ends", "GreedySearch", [prompt, np.array([9], np.int32)], set_, ["y"])
        return run_convoy(case)["y"][0].tolist()

    endless = search(99)
    end = endless[7]
    assert end not in endless[3:7]
    assert search(end) == endless[:7] + [9] * 2
