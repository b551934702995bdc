"""Estimators, fitted to the data of sklearn_data.py and converted, with the feeds for the model."""

from sklearn_data import counts, mixed_columns, named, numbers, targets

ROWS = 40


def register_boosters():
    """Makes the converters of LightGBM and XGBoost known to skl2onnx, where they are installed."""
    from skl2onnx import update_registered_converter
    from skl2onnx.common import shape_calculator as shapes

    classifier = shapes.calculate_linear_classifier_output_shapes
    regressor = shapes.calculate_linear_regressor_output_shapes
    options = {"nocl": [True, False], "zipmap": [True, False, "columns"]}
    try:
        import lightgbm
        from onnxmltools.convert.lightgbm.operator_converters.LightGbm import convert_lightgbm

        update_registered_converter(
            lightgbm.LGBMClassifier,
            "LightGbmLGBMClassifier",
            classifier,
            convert_lightgbm,
            options=options,
        )
        update_registered_converter(
            lightgbm.LGBMRegressor,
            "LightGbmLGBMRegressor",
            regressor,
            convert_lightgbm,
            options={"split": None},
        )
    except ImportError:
        pass
    try:
        import xgboost
        from onnxmltools.convert.xgboost.operator_converters.XGBoost import convert_xgboost

        update_registered_converter(
            xgboost.XGBClassifier,
            "XGBoostXGBClassifier",
            classifier,
            convert_xgboost,
            options=options,
        )
        update_registered_converter(
            xgboost.XGBRegressor, "XGBoostXGBRegressor", regressor, convert_xgboost
        )
    except ImportError:
        pass


def convert(model, x, options=None):
    """The ONNX model of a fitted estimator, and the feeds for rows of `x`."""
    from skl2onnx import to_onnx

    register_boosters()
    options = {id(model): options} if options else None
    opsets = {"": 18, "ai.onnx.ml": 3}
    converted = to_onnx(model, x[:1], options=options, target_opset=opsets)
    return converted, {converted.graph.input[0].name: x[:ROWS]}


def classifier(model, classes=3, options=None, data=numbers, label=lambda y: y):
    x, y = data(classes)
    return convert(model.fit(x, label(y)), x, options)


def binary(model):
    return classifier(model, 2)


def of_strings(model):
    return classifier(model, 3, label=named)


def binary_of_strings(model):
    return classifier(model, 2, label=named)


def without_zipmap(model):
    return classifier(model, 3, {"zipmap": False})


def raw_scores(model):
    return classifier(model, 3, {"raw_scores": True, "zipmap": False})


def of_counts(model):
    return classifier(model, 3, data=counts)


def regressor(model, count=1):
    x, y = targets(count)
    return convert(model.fit(x, y), x)


def of_positive_targets(model):
    import numpy as np

    x, y = targets()
    return convert(model.fit(x, np.floor(np.abs(y)) + 1), x)


def several_targets(model):
    return regressor(model, 2)


def of_doubles(model):
    x, y = targets()
    x = x.astype("float64")
    return convert(model.fit(x, y), x)


def transformer(model):
    x, y = numbers()
    return convert(model.fit(x, y), x)


def of_gaps(model):
    import numpy as np

    x, y = numbers()
    x[::3, 1] = np.nan
    x[::5, 4] = np.nan
    return convert(model.fit(x, y), x)


def outliers(model):
    x, _ = numbers()
    return convert(model.fit(x), x)


def of_categories(model):
    import numpy as np

    generator = np.random.default_rng(0)
    x = generator.choice(np.array(["a", "bc", "d e", "ü"], dtype=object), (60, 2))
    return convert(model.fit(x), x)


def of_integers(model):
    import numpy as np

    x = np.random.default_rng(0).integers(0, 4, (60, 3))
    return convert(model.fit(x), x)


def of_texts(model):
    import numpy as np
    import onnx
    from skl2onnx import convert_sklearn
    from skl2onnx.common.data_types import StringTensorType

    texts = ["the quick brown fox", "a lazy dog sleeps", "the dog and the fox", "quick quick dog"]
    converted = convert_sklearn(
        model.fit(texts, [0, 1, 0, 1]),
        initial_types=[("texts", StringTensorType([None, 1]))],
        target_opset={"": 18, "ai.onnx.ml": 3},
    )
    for node in converted.graph.node:
        if node.op_type == "StringNormalizer":  # a bare machine has no other locale
            node.attribute.append(onnx.helper.make_attribute("locale", "C"))
    return converted, {"texts": np.array(texts, dtype=object).reshape(-1, 1)}


def convert_columns(model, label=lambda y: y):
    """A pipeline over named columns, each an input of its own."""
    import numpy as np
    from skl2onnx import convert_sklearn
    from skl2onnx.common.data_types import FloatTensorType, StringTensorType

    register_boosters()
    frame, y = mixed_columns()
    model.fit(frame, label(y))
    types = [
        (name, (FloatTensorType if dtype == "float32" else StringTensorType)([None, 1]))
        for name, dtype in frame.dtypes.items()
    ]
    converted = convert_sklearn(
        model, initial_types=types, target_opset={"": 18, "ai.onnx.ml": 3}
    )
    feeds = {}
    for name, dtype in frame.dtypes.items():
        column = frame[name].to_numpy(dtype="float32" if dtype == "float32" else object)
        feeds[name] = np.asarray(column)[:ROWS].reshape(-1, 1)
    return converted, feeds
