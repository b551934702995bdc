"""The estimators of sklearn_cases.py, by the function of sklearn_conversion.py that trains them.

Lines are `name: expression`, over every public name of scikit-learn, LightGBM and XGBoost; what is
indented goes on with the line before.
"""

TABLES = {}

TABLES["classifier"] = """
logistic_regression: LogisticRegression(max_iter=500)
logistic_regression_saga: LogisticRegression(solver="saga", C=0.1, max_iter=2000)
ridge_classifier: RidgeClassifier()
sgd_log: SGDClassifier(loss="log_loss", random_state=0)
sgd_hinge: SGDClassifier(random_state=0)
perceptron: Perceptron(random_state=0)
passive_aggressive: SGDClassifier(loss="hinge", penalty=None, learning_rate="pa1", eta0=1.0,
    random_state=0)
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
bagging_of_svc: BaggingClassifier(SVC(probability=True, random_state=0), n_estimators=3,
    random_state=0)
voting_hard: VotingClassifier([("a", LogisticRegression()), ("b", GaussianNB()), ("c",
    DecisionTreeClassifier(random_state=0))], flatten_transform=False)
voting_soft: VotingClassifier([("a", LogisticRegression()), ("b", GaussianNB())], voting="soft",
    flatten_transform=False)
stacking: StackingClassifier([("a", LogisticRegression()), ("b",
    DecisionTreeClassifier(max_depth=3, random_state=0))])
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
"""

TABLES["binary"] = """
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
"""

TABLES["of_strings"] = """
strings_logistic: LogisticRegression(max_iter=500)
strings_forest: RandomForestClassifier(7, max_depth=4, random_state=0)
strings_svc: SVC(probability=True, random_state=0)
strings_k_neighbors: KNeighborsClassifier(3)
strings_lgbm: LGBMClassifier(n_estimators=5, min_child_samples=5, verbose=-1)
"""

TABLES["binary_of_strings"] = """
binary_strings_logistic: LogisticRegression()
binary_strings_svc: SVC(probability=True, random_state=0)
binary_strings_boosting: GradientBoostingClassifier(n_estimators=5, random_state=0)
"""

TABLES["without_zipmap"] = """
array_forest: RandomForestClassifier(7, max_depth=4, random_state=0)
array_svc: SVC(probability=True, random_state=0)
array_lgbm: LGBMClassifier(n_estimators=5, min_child_samples=5, verbose=-1)
"""

TABLES["raw_scores"] = """
raw_logistic: LogisticRegression(max_iter=500)
raw_svc: SVC(random_state=0)
raw_gradient_boosting: GradientBoostingClassifier(n_estimators=5, random_state=0)
"""

TABLES["of_counts"] = """
multinomial_naive_bayes: MultinomialNB()
complement_naive_bayes: ComplementNB()
categorical_naive_bayes: CategoricalNB()
"""

TABLES["regressor"] = """
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
voting_regressor: VotingRegressor([("a", LinearRegression()), ("b",
    DecisionTreeRegressor(max_depth=3, random_state=0))])
stacking_regressor: StackingRegressor([("a", Ridge()), ("b", DecisionTreeRegressor(max_depth=3,
    random_state=0))])
k_neighbors_regressor: KNeighborsRegressor(4)
layers_regressor: MLPRegressor(hidden_layer_sizes=(8,), max_iter=300, random_state=0)
ransac: RANSACRegressor(random_state=0)
polynomial_ridge: make_pipeline(PolynomialFeatures(2), Ridge())
lgbm_regressor: LGBMRegressor(n_estimators=8, num_leaves=7, min_child_samples=5, verbose=-1)
lgbm_forest_regressor: LGBMRegressor(n_estimators=5, boosting_type="rf", bagging_freq=1,
    bagging_fraction=0.7, min_child_samples=5, verbose=-1)
xgb_regressor: XGBRegressor(n_estimators=8, max_depth=3)
xgb_linear_regressor: XGBRegressor(n_estimators=8, base_score=0.7, max_depth=3,
    objective="reg:absoluteerror")
"""

TABLES["of_positive_targets"] = """
poisson_regressor: PoissonRegressor()
gamma_regressor: GammaRegressor()
tweedie_regressor: TweedieRegressor(power=1.5)
lgbm_poisson: LGBMRegressor(n_estimators=5, objective="poisson", min_child_samples=5, verbose=-1)
xgb_poisson: XGBRegressor(n_estimators=5, objective="count:poisson", max_depth=3)
"""

TABLES["several_targets"] = """
several_targets_linear: LinearRegression()
several_targets_ridge: Ridge()
several_targets_forest: RandomForestRegressor(5, max_depth=4, random_state=0)
several_targets_k_neighbors: KNeighborsRegressor(3)
multi_output_regressor: MultiOutputRegressor(GradientBoostingRegressor(n_estimators=5,
    random_state=0))
several_targets_layers: MLPRegressor(hidden_layer_sizes=(5,), max_iter=200, random_state=0)
partial_least_squares:
    PLSRegression(2)
"""

TABLES["of_doubles"] = """
doubles_linear: LinearRegression()
doubles_gaussian_process: GaussianProcessRegressor(RBF(2.0), alpha=0.1)
"""

TABLES["transformer"] = """
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
"""

TABLES["outliers"] = """
isolation_forest: IsolationForest(n_estimators=10, random_state=0)
one_class_svm: OneClassSVM(nu=0.2)
local_outlier_factor: LocalOutlierFactor(5, novelty=True)
"""

TABLES["of_gaps"] = """
simple_imputer: SimpleImputer()
median_imputer: SimpleImputer(strategy="median", add_indicator=True)
k_neighbors_imputer: KNNImputer(n_neighbors=3)
gaps_hist_boosting: HistGradientBoostingClassifier(max_iter=6, random_state=0)
gaps_lgbm: LGBMClassifier(n_estimators=5, min_child_samples=5, verbose=-1)
gaps_xgb: XGBClassifier(n_estimators=5, max_depth=3)
"""

TABLES["of_categories"] = """
one_hot_encoder: OneHotEncoder(handle_unknown="ignore", sparse_output=False)
one_hot_encoder_drop: OneHotEncoder(drop="first", sparse_output=False)
ordinal_encoder: OrdinalEncoder()
strings_imputer: SimpleImputer(strategy="most_frequent", missing_values="")
"""

TABLES["of_integers"] = """
integers_one_hot: OneHotEncoder(sparse_output=False)
integers_ordinal: OrdinalEncoder()
"""

TABLES["of_texts"] = """
count_vectorizer: CountVectorizer()
count_vectorizer_pairs: CountVectorizer(ngram_range=(1, 2), lowercase=False)
tfidf_vectorizer: TfidfVectorizer()
tfidf_sublinear: TfidfVectorizer(sublinear_tf=True, norm="l1")
tfidf_characters: TfidfVectorizer(analyzer="char", ngram_range=(1, 2))
hashing_free_text_classifier: make_pipeline(TfidfVectorizer(), LogisticRegression())
"""
