"""The cases that sklearn_peer.py trains: those of sklearn_estimators.py, and special ones.

Can be imported for the names without scikit-learn and the other packages.
"""

import importlib
import re

import sklearn_conversion
from sklearn_conversion import ROWS, classifier, convert, convert_columns
from sklearn_data import numbers
from sklearn_estimators import TABLES

CASES = {}  # name: (packages that it needs, function that makes it)


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


for _name, _rows in TABLES.items():
    register_table(getattr(sklearn_conversion, _name), _rows)


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
