"""Trains small models, converts them, and writes down what onnxruntime makes of them.

    PEER_PYTHON sklearn_peer.py OUT [NAME]...

Runs where scikit-learn, skl2onnx, onnxmltools, lightgbm, xgboost and onnxruntime are. For each case
OUT/NAME gets model.onnx and case.json with the inputs and onnxruntime's outputs, or skipped.txt
with the reason. test_sklearn.py imports this file for the names, without any of these packages.
"""

import importlib
import json
import pathlib
import re
import sys
import traceback
import warnings

CASES = {}  # name: (packages that it needs, function that makes it)
ROWS = 40


def case(*packages):
    """Registers a function that returns (converted model, feeds)."""

    def register(make):
        CASES[make.__name__] = (("sklearn", "skl2onnx", *packages), make)
        return make

    return register


def register_table(kind, rows):
    """Registers cases from a table of sklearn_estimators.py; kind(estimator) makes one."""
    for line in re.sub(r"\n +", " ", rows.strip()).splitlines():
        name, expression = (part.strip() for part in line.split(":", 1))
        packages = ("lightgbm", "onnxmltools") if "LGBM" in expression else ()
        packages = ("xgboost", "onnxmltools") if "XGB" in expression else packages

        def make(kind=kind, expression=expression):
            return kind(estimator(expression))

        assert name not in CASES, name
        CASES[name] = (("sklearn", "skl2onnx", *packages), make)


def estimator(expression):
    """Evaluates an expression over every public name of scikit-learn, LightGBM and XGBoost."""
    modules = """calibration cluster compose cross_decomposition decomposition ensemble
    discriminant_analysis feature_extraction.text feature_selection gaussian_process
    gaussian_process.kernels impute linear_model mixture multiclass multioutput naive_bayes
    neighbors neural_network pipeline preprocessing random_projection svm tree""".split()
    names = {}
    for module in modules:
        names.update(vars(importlib.import_module(f"sklearn.{module}")))
    for prefix, module in (("LGBM", "lightgbm"), ("XGB", "xgboost")):
        if prefix in expression:
            names.update(vars(importlib.import_module(module)))
    return eval(expression, names)


def numbers(classes=3, features=6, seed=0, rows=120):
    """Rows of float32 features and integer classes."""
    from sklearn.datasets import make_classification

    x, y = make_classification(
        rows, features, n_informative=4, n_redundant=1, n_classes=classes, random_state=seed
    )
    return x.astype("float32"), y


def targets(count=1, features=6, seed=0):
    """Rows of float32 features and targets that are not linear in them."""
    import numpy as np

    x, _ = numbers(features=features, seed=seed)
    generator = np.random.default_rng(seed)
    y = np.tanh(x @ generator.standard_normal((features, count))) * 3 + x[:, :1] ** 2
    return x, y[:, 0] if count == 1 else y


def counts(classes=3, features=6):
    """Rows of small numbers that are not negative."""
    import numpy as np

    x, y = numbers(classes, features)
    return np.floor(np.abs(x) * 2).astype("float32"), y


def named(y):
    """Classes as strings."""
    import numpy as np

    return np.array(["red", "green", "blue", "white"])[y]


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


def read_tables():
    """The tables of sklearn_estimators.py, which lies beside this file."""
    path = pathlib.Path(__file__).with_name("sklearn_estimators.py")
    names = {}
    exec(compile(path.read_text(), path, "exec"), names)
    return names["TABLES"]


for _name, _rows in read_tables().items():
    register_table(globals()[_name], _rows)


@case()
def label_binarizer():
    import numpy as np
    from sklearn.preprocessing import LabelBinarizer

    x = np.array([3, 1, 4, 1, 5, 9, 2, 6], dtype="int64").reshape(-1, 1)
    return convert(LabelBinarizer().fit(x), x)


@case()
def label_encoder():
    import numpy as np
    from skl2onnx import convert_sklearn
    from skl2onnx.common.data_types import StringTensorType
    from sklearn.preprocessing import LabelEncoder

    x = np.array(["b", "a", "c", "a"], dtype=object)
    model = convert_sklearn(LabelEncoder().fit(x), initial_types=[("x", StringTensorType([None]))])
    return model, {"x": x}


@case()
def dict_vectorizer():
    from skl2onnx import convert_sklearn
    from skl2onnx.common.data_types import DictionaryType, FloatTensorType, StringTensorType
    from sklearn.feature_extraction import DictVectorizer

    rows = [{"amy": 1.0, "chin": 200.0}, {"nice": 3.0, "amy": 1.5}]
    kind = DictionaryType(StringTensorType([1]), FloatTensorType([1]))
    model = convert_sklearn(DictVectorizer(sparse=False).fit(rows), initial_types=[("x", kind)])
    return model, {"x": rows[1]}


def mixed_columns():
    """A DataFrame of two numeric columns with gaps and two of strings, and classes."""
    import numpy as np
    import pandas as pd

    generator = np.random.default_rng(0)
    frame = pd.DataFrame({
        "age": generator.normal(40, 10, 80).astype("float32"),
        "fare": generator.exponential(30, 80).astype("float32"),
        "embarked": generator.choice(["S", "C", "Q"], 80),
        "sex": generator.choice(["male", "female"], 80),
    })
    frame.loc[::7, "age"] = np.nan
    return frame, (generator.random(80) + (frame["sex"] == "male") > 0.9).astype(int)


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


def columns_then(final):
    """Imputed and scaled numbers, one-hot strings, then an estimator."""
    return estimator(f"""make_pipeline(ColumnTransformer([
        ("numbers", make_pipeline(SimpleImputer(strategy="median"), StandardScaler()),
         ["age", "fare"]),
        ("texts", OneHotEncoder(handle_unknown="ignore"), ["embarked", "sex"])]), {final})""")


@case("pandas")
def columns_logistic():
    return convert_columns(columns_then("LogisticRegression()"))


@case("pandas")
def columns_forest_of_strings():
    import numpy as np

    labels = np.array(["drowned", "survived"])
    model = columns_then("RandomForestClassifier(9, max_depth=4, random_state=0)")
    return convert_columns(model, lambda y: labels[y])


@case("pandas", "lightgbm", "onnxmltools")
def columns_lgbm():
    return convert_columns(columns_then("LGBMClassifier(n_estimators=5, verbose=-1)"))


@case("pandas", "xgboost", "onnxmltools")
def columns_xgb():
    return convert_columns(columns_then("XGBClassifier(n_estimators=5, max_depth=3)"))


@case()
def multi_output_classifier():
    import numpy as np

    x, y = numbers()
    model = estimator("MultiOutputClassifier(LogisticRegression(max_iter=500))")
    return convert(model.fit(x, np.stack([y, y > 0], 1)), x, {"zipmap": False})


@case()
def multi_label_forest():
    import numpy as np

    x, y = numbers()
    model = estimator("RandomForestClassifier(5, max_depth=4, random_state=0)")
    return convert(model.fit(x, np.stack([y > 0, y > 1], 1).astype(int)), x, {"zipmap": False})


@case()
def zipmap_columns():
    return classifier(estimator("LogisticRegression(max_iter=500)"), 3, {"zipmap": "columns"})


@case()
def search_of_parameters():
    x, y = numbers(2)
    from sklearn.model_selection import GridSearchCV
    from sklearn.svm import SVC

    return convert(GridSearchCV(SVC(), {"C": [0.5, 2]}, cv=2).fit(x, y), x)


@case("lightgbm", "onnxmltools")
def lgbm_booster():
    import lightgbm
    import onnxmltools
    from onnxmltools.convert.common.data_types import FloatTensorType

    x, y = numbers(2)
    options = {"objective": "binary", "num_leaves": 6, "verbose": -1}
    model = lightgbm.train(options, lightgbm.Dataset(x, y), num_boost_round=6)
    types = [("x", FloatTensorType([None, x.shape[1]]))]
    return onnxmltools.convert_lightgbm(model, initial_types=types, zipmap=True), {"x": x[:ROWS]}


@case("xgboost", "onnxmltools")
def xgb_converted_alone():
    import onnxmltools
    import xgboost
    from onnxmltools.convert.common.data_types import FloatTensorType

    x, y = numbers(3)
    model = xgboost.XGBClassifier(n_estimators=6, max_depth=3).fit(x, y)
    types = [("x", FloatTensorType([None, x.shape[1]]))]
    return onnxmltools.convert_xgboost(model, initial_types=types), {"x": x[:ROWS]}


def encode(value):
    """A NumPy array, dictionary, or list of dictionaries as JSON."""
    if isinstance(value, dict):
        return {"map": [[key, entry] for key, entry in value.items()]}
    if isinstance(value, list):
        return {"sequence": [encode(item) for item in value]}
    kind = "object" if value.dtype.kind in "OUS" else value.dtype.name
    return {"dtype": kind, "shape": list(value.shape), "data": value.reshape(-1).tolist()}


def write_case(folder, make):
    import onnxruntime

    model, feeds = make()
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "model.onnx").write_bytes(model.SerializeToString())
    session = onnxruntime.InferenceSession(model.SerializeToString(),
                                           providers=["CPUExecutionProvider"])
    names = [value.name for value in session.get_outputs()]
    outputs = dict(zip(names, session.run(None, feeds)))
    (folder / "case.json").write_text(json.dumps({
        "inputs": {name: encode(value) for name, value in feeds.items()},
        "outputs": {name: encode(value) for name, value in outputs.items()},
    }))


def main(out, names):
    warnings.filterwarnings("ignore")
    for name in names or CASES:
        packages, make = CASES[name]
        folder = pathlib.Path(out) / name
        try:
            for package in packages:
                importlib.import_module(package)
            write_case(folder, make)
        except Exception as error:  # any reason that the peers have is a reason to skip
            folder.mkdir(parents=True, exist_ok=True)
            (folder / "skipped.txt").write_text(f"{type(error).__name__}: {error}"[:2000])
            (folder / "traceback.txt").write_text(traceback.format_exc())


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2:])
