"""Times PyTorch and ONNX Runtime on the rows that Convoy started from, on a GPU: JSON, a line each.

    python3 peers.py [--tiny]

Tensors stay on the device; what is not installed, or finds no GPU, is skipped.
"""

import argparse
import json
import statistics
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROWS = [(1, 10), (32, 10), (256, 10), (32, 64), (32, 256)]
CHANNELS, WIDTH, TAPS = 15, 100, 3


def say(name, status, **more):
    print(json.dumps({"name": name, "status": status, **more}), flush=True)


def median_microseconds(run, wait, seconds=1.0):
    """Of single runs that are waited for."""
    for _ in range(5):
        run()
    wait()
    samples = []
    end = time.perf_counter() + seconds
    while time.perf_counter() < end or len(samples) < 5:
        begin = time.perf_counter()
        run()
        wait()
        samples.append(1e6 * (time.perf_counter() - begin))
    return statistics.median(samples)


def report(name, run, wait):
    try:
        micros = median_microseconds(run, wait)
    except Exception as error:  # a peer's failure is a result, too
        say(name, "skipped", reason=str(error).splitlines()[0] if str(error) else repr(error))
        return
    say(name, "ok", summary=f"{micros:.1f} µs", microseconds=micros)


def torch_rows(torch, batch, rows):
    device = torch.device("cuda")
    x = torch.rand(batch, CHANNELS, rows, WIDTH, device=device)
    layers = [torch.nn.Conv1d(CHANNELS, CHANNELS, TAPS).to(device) for _ in range(rows)]
    grouped = torch.nn.Conv1d(rows * CHANNELS, rows * CHANNELS, TAPS, groups=rows).to(device)

    def loop(x):
        return torch.cat([layer(x[:, :, h, :]).unsqueeze(2) for h, layer in enumerate(layers)], 2)

    def merged(x):
        y = grouped(x.transpose(1, 2).reshape(batch, rows * CHANNELS, WIDTH))
        return y.reshape(batch, rows, CHANNELS, -1).transpose(1, 2)

    name = f"B={batch} H={rows}"
    with torch.inference_mode():
        for what, function in {"loop": loop, "grouped": merged}.items():
            report(f"PyTorch {what} {name}", lambda: function(x), torch.cuda.synchronize)
            compiled = torch.compile(function)
            report(f"PyTorch {what}, compiled, {name}", lambda: compiled(x),
                   torch.cuda.synchronize)


def onnxruntime_rows(onnxruntime, batch, rows):
    import numpy as np

    session = onnxruntime.InferenceSession(str(HERE / f"rows_{rows}.onnx"),
                                           providers=["CUDAExecutionProvider"])
    x = np.random.rand(batch, CHANNELS, rows, WIDTH).astype(np.float32)
    binding = session.io_binding()
    on_device = onnxruntime.OrtValue.ortvalue_from_numpy(x, "cuda", 0)
    binding.bind_ortvalue_input(session.get_inputs()[0].name, on_device)
    binding.bind_output(session.get_outputs()[0].name, "cuda")
    report(f"ONNX Runtime B={batch} H={rows}", lambda: session.run_with_iobinding(binding),
           lambda: None)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--tiny", action="store_true")
    rows = ROWS[:1] if parser.parse_args().tiny else ROWS
    try:
        import torch

        if not torch.cuda.is_available():
            raise ImportError("PyTorch finds no GPU")
        for batch, height in rows:
            torch_rows(torch, batch, height)
    except ImportError as error:
        say("PyTorch", "skipped", reason=str(error))
    try:
        import onnxruntime

        if "CUDAExecutionProvider" not in onnxruntime.get_available_providers():
            raise ImportError("ONNX Runtime has no CUDAExecutionProvider")
        for batch, height in rows:
            onnxruntime_rows(onnxruntime, batch, height)
    except ImportError as error:
        say("ONNX Runtime", "skipped", reason=str(error))


if __name__ == "__main__":
    main()
