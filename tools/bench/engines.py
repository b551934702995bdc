"""Convoy, ONNX Runtime and OpenVINO alike, for tools that run a model in each."""

import glob
import os

import numpy as np
import onnx
from onnx import helper, numpy_helper

ENGINES = ("convoy", "onnxruntime", "openvino")


def feeds_of(path, numbers=None):
    """Inputs of a model: test_data_set_0 beside it, where that is; else drawn from a
    numpy.random.Generator, or zeros without one, with 1 for sizes that are not known."""
    graph = onnx.load(path, load_external_data=False).graph
    known = {tensor.name for tensor in graph.initializer}
    inputs = [value for value in graph.input if value.name not in known]
    files = sorted(glob.glob(os.path.join(os.path.dirname(path), "test_data_set_0", "input_*.pb")))
    if files:
        tensors = [onnx.TensorProto.FromString(open(file, "rb").read()) for file in files]
        return {value.name: numpy_helper.to_array(tensor)
                for value, tensor in zip(inputs, tensors)}
    feeds = {}
    for value in inputs:
        tensor = value.type.tensor_type
        sizes = [dim.dim_value or 1 for dim in tensor.shape.dim]
        drawn = numbers.standard_normal(sizes) * 0.5 if numbers else np.zeros(sizes)
        feeds[value.name] = drawn.astype(helper.tensor_dtype_to_np_dtype(tensor.elem_type))
    return feeds


def runner(engine, path, feeds, threads=1, precision=None):
    """What runs the model once; ImportError where the engine is not installed. `precision` is
    OpenVINO's hint: it computes float32 models in bfloat16 by itself where it can, the others never
    do."""
    if engine == "convoy":
        import convoy

        session = convoy.InferenceSession(path, threads=threads)
    elif engine == "onnxruntime":
        import onnxruntime

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads, options.log_severity_level = threads, 4
        session = onnxruntime.InferenceSession(path, options,
                                               providers=["CPUExecutionProvider"])
    else:
        import openvino

        model = openvino.Core().read_model(path)
        model.reshape({name: list(array.shape) for name, array in feeds.items()})
        settings = {"INFERENCE_NUM_THREADS": threads, "PERFORMANCE_HINT": "LATENCY"}
        if precision is not None:
            settings["INFERENCE_PRECISION_HINT"] = precision
        compiled = openvino.Core().compile_model(model, "CPU", settings)
        request = compiled.create_infer_request()
        return lambda: request.infer(feeds, share_inputs=True, share_outputs=True)
    return lambda: session.run(None, feeds)


def warm_runners(path, feeds, threads):
    """By name, what runs the model once in float32, of the engines that are installed; each has run
    it."""
    runs = {}
    for name in ENGINES:
        try:
            runs[name] = runner(name, path, feeds, threads, precision="f32")
            runs[name]()
        except ImportError:
            continue
    return runs
