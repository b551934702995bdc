"""Trains small models, converts them, and writes down what onnxruntime makes of them.

    PEER_PYTHON sklearn_peer.py OUT [NAME]...

Runs where scikit-learn, skl2onnx, onnxmltools, lightgbm, xgboost and onnxruntime are. For each case
OUT/NAME gets model.onnx and case.json with the inputs and onnxruntime's outputs, or skipped.txt with
the reason. test_sklearn.py imports this file for the names, without any of these packages.
"""

import importlib
import json
import pathlib
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


def table(kind, rows):
    """Registers cases from lines `name: expression of an estimator`."""
    for line in rows.strip().splitlines():
        name, expression = (part.strip() for part in line.split(":", 1))
        packages = ("lightgbm", "onnxmltools") if "LGBM" in expression else ()
        packages = ("xgboost", "onnxmltools") if "XGB" in expression else packages

        def make(kind=kind, expression=expression):
            return kind(estimator(expression))

        assert name not in CASES, name
        CASES[name] = (("sklearn", "skl2onnx", *packages), make)


def estimator(expression):
    """Evaluates an expression over every public name of scikit-learn, LightGBM and XGBoost."""
    import numpy

    modules = """calibration cluster compose covariance decomposition discriminant_analysis dummy
    ensemble feature_extraction feature_extraction.text feature_selection gaussian_process
    gaussian_process.kernels impute linear_model mixture multiclass multioutput naive_bayes neighbors
    neural_network pipeline preprocessing random_projection svm tree""".split()
    names = {"np": numpy}
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
            lightgbm.LGBMClassifier, "LightGbmLGBMClassifier", classifier, convert_lightgbm, options=options
        )
        update_registered_converter(
            lightgbm.LGBMRegressor, "LightGbmLGBMRegressor", regressor, convert_lightgbm, options={"split": None}
        )
    except ImportError:
        pass
    try:
        import xgboost
        from onnxmltools.convert.xgboost.operator_converters.XGBoost import convert_xgboost

        update_registered_converter(
            xgboost.XGBClassifier, "XGBoostXGBClassifier", classifier, convert_xgboost, options=options
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


table(classifier, """
logistic_regression: LogisticRegression(max_iter=500)
logistic_regression_saga: LogisticRegression(solver="saga", C=0.1, max_iter=2000)
ridge_classifier: RidgeClassifier()
sgd_log: SGDClassifier(loss="log_loss", random_state=0)
sgd_hinge: SGDClassifier(random_state=0)
perceptron: Perceptron(random_state=0)
passive_aggressive: SGDClassifier(loss="hinge", penalty=None, learning_rate="pa1", eta0=1.0, random_state=0)
linear_svc: LinearSVC(random_state=0)
svc_rbf: SVC(probability=True, random_state=0)
svc_poly: SVC(kernel="poly", degree=2, coef0=0.5)
svc_sigmoid: SVC(kernel="sigmoid", probability=True, random_state=0)
svc_linear: SVC(kernel="linear")
nu_svc: NuSVC(probability=True, random_state=0)
decision_tree: DecisionTreeClassifier(max_depth=5, random_state=0)
random_forest: RandomForestClassifier(12, max_depth=5, random_state=0)
extra_trees: ExtraTreesClassifier(10, random_state=0)
gradient_boosting: GradientBoostingClassifier(n_estimators=10, random_state=0)
hist_gradient_boosting: HistGradientBoostingClassifier(max_iter=10, random_state=0)
ada_boost: AdaBoostClassifier(n_estimators=8, random_state=0)
bagging: BaggingClassifier(n_estimators=5, random_state=0)
bagging_of_svc: BaggingClassifier(SVC(probability=True, random_state=0), n_estimators=3, random_state=0)
voting_hard: VotingClassifier([("a", LogisticRegression()), ("b", GaussianNB()), ("c", DecisionTreeClassifier(random_state=0))], flatten_transform=False)
voting_soft: VotingClassifier([("a", LogisticRegression()), ("b", GaussianNB())], voting="soft", flatten_transform=False)
stacking: StackingClassifier([("a", LogisticRegression()), ("b", DecisionTreeClassifier(max_depth=3, random_state=0))])
k_neighbors: KNeighborsClassifier(5)
k_neighbors_by_distance: KNeighborsClassifier(4, weights="distance", metric="manhattan")
radius_neighbors: RadiusNeighborsClassifier(20.0)
gaussian_naive_bayes: GaussianNB()
bernoulli_naive_bayes: BernoulliNB()
perceptron_layers: MLPClassifier((8, 6), max_iter=200, random_state=0)
perceptron_layers_tanh: MLPClassifier((8,), activation="tanh", max_iter=200, random_state=0)
linear_discriminant: LinearDiscriminantAnalysis()
quadratic_discriminant: QuadraticDiscriminantAnalysis(reg_param=0.1)
calibrated_sigmoid: CalibratedClassifierCV(LinearSVC(random_state=0), cv=3)
calibrated_isotonic: CalibratedClassifierCV(GaussianNB(), method="isotonic", cv=3)
one_vs_rest: OneVsRestClassifier(LogisticRegression())
one_vs_one: OneVsOneClassifier(LogisticRegression())
scaled_logistic: make_pipeline(StandardScaler(), LogisticRegression())
selected_features: make_pipeline(SelectKBest(k=3), LogisticRegression())
lgbm_multiclass: LGBMClassifier(n_estimators=8, num_leaves=7, min_child_samples=5, verbose=-1)
xgb_multiclass: XGBClassifier(n_estimators=8, max_depth=3)
""")
table(binary, """
binary_logistic: LogisticRegression()
binary_sgd: SGDClassifier(loss="modified_huber", random_state=0)
binary_linear_svc: LinearSVC(random_state=0)
binary_svc: SVC()
binary_svc_probability: SVC(probability=True, random_state=0)
binary_forest: RandomForestClassifier(10, max_depth=4, random_state=0)
binary_tree: DecisionTreeClassifier(max_depth=4, random_state=0)
binary_gradient_boosting: GradientBoostingClassifier(n_estimators=10, random_state=0)
binary_hist_gradient_boosting: HistGradientBoostingClassifier(max_iter=10, random_state=0)
binary_ada_boost: AdaBoostClassifier(n_estimators=8, random_state=0)
binary_layers: MLPClassifier((6,), max_iter=200, random_state=0)
binary_calibrated: CalibratedClassifierCV(RandomForestClassifier(5, random_state=0), cv=3)
lgbm_binary: LGBMClassifier(n_estimators=8, num_leaves=7, min_child_samples=5, verbose=-1)
lgbm_dart: LGBMClassifier(n_estimators=6, boosting_type="dart", min_child_samples=5, verbose=-1)
xgb_binary: XGBClassifier(n_estimators=8, max_depth=3)
""")
table(of_strings, """
strings_logistic: LogisticRegression(max_iter=500)
strings_forest: RandomForestClassifier(7, max_depth=4, random_state=0)
strings_svc: SVC(probability=True, random_state=0)
strings_k_neighbors: KNeighborsClassifier(3)
strings_lgbm: LGBMClassifier(n_estimators=5, min_child_samples=5, verbose=-1)
""")
table(binary_of_strings, """
binary_strings_logistic: LogisticRegression()
binary_strings_svc: SVC(probability=True, random_state=0)
binary_strings_boosting: GradientBoostingClassifier(n_estimators=5, random_state=0)
""")
table(without_zipmap, """
array_forest: RandomForestClassifier(7, max_depth=4, random_state=0)
array_svc: SVC(probability=True, random_state=0)
array_lgbm: LGBMClassifier(n_estimators=5, min_child_samples=5, verbose=-1)
""")
table(raw_scores, """
raw_logistic: LogisticRegression(max_iter=500)
raw_svc: SVC(random_state=0)
raw_gradient_boosting: GradientBoostingClassifier(n_estimators=5, random_state=0)
""")
table(of_counts, """
multinomial_naive_bayes: MultinomialNB()
complement_naive_bayes: ComplementNB()
categorical_naive_bayes: CategoricalNB()
""")
table(regressor, """
linear_regression: LinearRegression()
ridge: Ridge(alpha=0.5)
lasso: Lasso(alpha=0.05)
elastic_net: ElasticNet(alpha=0.05)
bayesian_ridge: BayesianRidge()
huber: HuberRegressor(max_iter=500)
sgd_regressor: SGDRegressor(random_state=0)
svr: SVR()
svr_poly: SVR(kernel="poly")
nu_svr: NuSVR(kernel="sigmoid")
linear_svr: LinearSVR(random_state=0)
tree_regressor: DecisionTreeRegressor(max_depth=5, random_state=0)
forest_regressor: RandomForestRegressor(8, max_depth=5, random_state=0)
extra_trees_regressor: ExtraTreesRegressor(8, max_depth=5, random_state=0)
gradient_boosting_regressor: GradientBoostingRegressor(n_estimators=10, random_state=0)
hist_boosting_regressor: HistGradientBoostingRegressor(max_iter=10, random_state=0)
ada_boost_regressor: AdaBoostRegressor(n_estimators=5, random_state=0)
bagging_regressor: BaggingRegressor(n_estimators=5, random_state=0)
voting_regressor: VotingRegressor([("a", LinearRegression()), ("b", DecisionTreeRegressor(max_depth=3, random_state=0))])
stacking_regressor: StackingRegressor([("a", Ridge()), ("b", DecisionTreeRegressor(max_depth=3, random_state=0))])
k_neighbors_regressor: KNeighborsRegressor(4)
layers_regressor: MLPRegressor(hidden_layer_sizes=(8,), max_iter=300, random_state=0)
gaussian_process: GaussianProcessRegressor(ConstantKernel(1.0) * RBF(2.0), alpha=0.1)
ransac: RANSACRegressor(random_state=0)
polynomial_ridge: make_pipeline(PolynomialFeatures(2), Ridge())
lgbm_regressor: LGBMRegressor(n_estimators=8, num_leaves=7, min_child_samples=5, verbose=-1)
lgbm_forest_regressor: LGBMRegressor(n_estimators=5, boosting_type="rf", bagging_freq=1, bagging_fraction=0.7, min_child_samples=5, verbose=-1)
xgb_regressor: XGBRegressor(n_estimators=8, max_depth=3)
xgb_linear_regressor: XGBRegressor(n_estimators=8, base_score=0.7, max_depth=3, objective="reg:absoluteerror")
""")
table(of_positive_targets, """
poisson_regressor: PoissonRegressor()
gamma_regressor: GammaRegressor()
tweedie_regressor: TweedieRegressor(power=1.5)
lgbm_poisson: LGBMRegressor(n_estimators=5, objective="poisson", min_child_samples=5, verbose=-1)
xgb_poisson: XGBRegressor(n_estimators=5, objective="count:poisson", max_depth=3)
""")
table(several_targets, """
several_targets_linear: LinearRegression()
several_targets_ridge: Ridge()
several_targets_forest: RandomForestRegressor(5, max_depth=4, random_state=0)
several_targets_k_neighbors: KNeighborsRegressor(3)
multi_output_regressor: MultiOutputRegressor(GradientBoostingRegressor(n_estimators=5, random_state=0))
several_targets_layers: MLPRegressor(hidden_layer_sizes=(5,), max_iter=200, random_state=0)
partial_least_squares: __import__("sklearn.cross_decomposition").cross_decomposition.PLSRegression(2)
""")
table(of_doubles, """
doubles_linear: LinearRegression()
doubles_gaussian_process: GaussianProcessRegressor(RBF(2.0), alpha=0.1)
""")
table(transformer, """
k_means: KMeans(4, n_init=3, random_state=0)
mini_batch_k_means: MiniBatchKMeans(3, n_init=3, random_state=0)
gaussian_mixture: GaussianMixture(3, random_state=0)
gaussian_mixture_diagonal: GaussianMixture(2, covariance_type="diag", random_state=0)
bayesian_mixture: BayesianGaussianMixture(n_components=2, random_state=0)
principal_components: PCA(3)
incremental_principal_components: IncrementalPCA(3)
kernel_principal_components: KernelPCA(3, kernel="rbf")
truncated_svd: TruncatedSVD(3, random_state=0)
standard_scaler: StandardScaler()
min_max_scaler: MinMaxScaler(clip=True)
max_abs_scaler: MaxAbsScaler()
robust_scaler: RobustScaler()
normalizer_l1: Normalizer("l1")
normalizer_l2: Normalizer("l2")
normalizer_max: Normalizer("max")
binarizer: Binarizer(threshold=0.25)
k_bins: KBinsDiscretizer(4, encode="onehot-dense", quantile_method="averaged_inverted_cdf")
k_bins_ordinal: KBinsDiscretizer(3, encode="ordinal", strategy="uniform")
power_transformer: PowerTransformer()
polynomial_features: PolynomialFeatures(3)
quantile_transformer: QuantileTransformer(n_quantiles=20, random_state=0)
random_projection: GaussianRandomProjection(3, random_state=0)
feature_union: FeatureUnion([("pca", PCA(2)), ("scaled", MinMaxScaler())])
variance_threshold: VarianceThreshold(0.5)
discriminant_transformer: LinearDiscriminantAnalysis()
""")
table(outliers, """
isolation_forest: IsolationForest(n_estimators=10, random_state=0)
one_class_svm: OneClassSVM(nu=0.2)
local_outlier_factor: LocalOutlierFactor(5, novelty=True)
""")
table(of_gaps, """
simple_imputer: SimpleImputer()
median_imputer: SimpleImputer(strategy="median", add_indicator=True)
k_neighbors_imputer: KNNImputer(n_neighbors=3)
gaps_hist_boosting: HistGradientBoostingClassifier(max_iter=6, random_state=0)
gaps_lgbm: LGBMClassifier(n_estimators=5, min_child_samples=5, verbose=-1)
gaps_xgb: XGBClassifier(n_estimators=5, max_depth=3)
""")
table(of_categories, """
one_hot_encoder: OneHotEncoder(handle_unknown="ignore", sparse_output=False)
one_hot_encoder_drop: OneHotEncoder(drop="first", sparse_output=False)
ordinal_encoder: OrdinalEncoder()
strings_imputer: SimpleImputer(strategy="most_frequent", missing_values="")
""")
table(of_integers, """
integers_one_hot: OneHotEncoder(sparse_output=False)
integers_ordinal: OrdinalEncoder()
""")
table(of_texts, """
count_vectorizer: CountVectorizer()
count_vectorizer_pairs: CountVectorizer(ngram_range=(1, 2), lowercase=False)
tfidf_vectorizer: TfidfVectorizer()
tfidf_sublinear: TfidfVectorizer(sublinear_tf=True, norm="l1")
tfidf_characters: TfidfVectorizer(analyzer="char", ngram_range=(1, 2))
hashing_free_text_classifier: make_pipeline(TfidfVectorizer(), LogisticRegression())
""")


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
        ("numbers", make_pipeline(SimpleImputer(strategy="median"), StandardScaler()), ["age", "fare"]),
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
