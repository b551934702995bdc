// TreeEnsemble (version 5), TreeEnsembleRegressor and TreeEnsembleClassifier (1 to 5) of
// ai.onnx.ml.

#include "ops/tree_ensemble/tree_ensemble.h"

#include <algorithm>

#include "runtime/op/registry.h"

namespace convoy {
namespace {

void check_features(const TreeEnsemble& trees, int64_t columns) {
  for (const TreeNode& node : trees.nodes) {
    if (node.mode == BranchMode::kLeaf) continue;
    check_input(node.feature >= 0 && node.feature < columns,
                "a node asks for feature {}, the input has {}", node.feature, columns);
  }
}

template <typename Visitor>
void visit_features(DType dtype, Visitor&& visitor) {
  visit_dtype_among<float, double, int64_t, int32_t, Float16>(dtype, visitor);
}

// As many as go through a tree while it is in the cache.
constexpr int64_t kRowsTogether = 64;

// Calls use(row, scores) for each row, from several threads.
template <typename Use>
void for_each_score(const TreeEnsemble& trees, KernelContext& context, const Use& use) {
  const TensorView& x = context.input(0);
  const FeatureRows rows = rows_of(x.shape);
  const int64_t depth = 16;  // nodes on the way to a leaf, at a guess
  const auto work = static_cast<int64_t>(trees.roots.size()) * depth + 1;
  const int64_t grain = std::max<int64_t>(1, 16384 / work);
  visit_features(x.dtype, [&](auto tag) {
    using Feature = typename decltype(tag)::type;
    using Sum = std::conditional_t<std::is_same_v<Feature, double>, double, float>;
    const Feature* from = x.as<Feature>();
    context.threads().parallel_for(rows.count, grain, [&](int64_t begin, int64_t end) {
      const int64_t most = std::min(kRowsTogether, end - begin);
      std::vector<Sum> sums(static_cast<size_t>(most * trees.targets));
      std::vector<double> scores(static_cast<size_t>(trees.targets));
      for (int64_t first = begin; first < end; first += most) {
        const int64_t count = std::min(most, end - first);
        trees.evaluate(from + first * rows.columns, count, rows.columns, sums.data());
        for (int64_t i = 0; i < count; ++i) {
          std::copy_n(sums.data() + i * trees.targets, trees.targets, scores.data());
          use(first + i, scores.data());
        }
      }
    });
  });
}

std::unique_ptr<Kernel> make_scores(KernelRequest& request, TreeEnsemble read) {
  const FeatureRows rows = rows_of(request.input(0).shape);
  check_features(read, rows.columns);
  request.check_output(0, {rows.count, read.targets});
  make_plain(read);
  auto trees = std::make_shared<const TreeEnsemble>(std::move(read));
  return make_kernel([trees](KernelContext& context) {
    visit_floating(context.output(0).dtype, [&](auto tag) {
      using T = typename decltype(tag)::type;
      using Work = std::conditional_t<std::is_same_v<T, double>, double, float>;
      T* y = context.output(0).as<T>();
      for_each_score(*trees, context, [&](int64_t row, double* scores) {
        apply_transform(trees->transform, scores, trees->targets);
        for (int64_t t = 0; t < trees->targets; ++t) {
          y[row * trees->targets + t] = static_cast<T>(static_cast<Work>(scores[t]));
        }
      });
    });
  });
}

void infer_rows(InferRequest& request, DType dtype) {
  const int64_t columns = AttributeReader(request.node).integer("n_targets", 1);
  check_model(columns > 0, "n_targets is {}", columns);
  request.set_output(0, dtype, {rows_of(request.inputs[0].shape).count, columns});
}

std::unique_ptr<Kernel> make_ensemble(KernelRequest& request) {
  return make_scores(request, read_tree_ensemble(request));
}

void infer_ensemble(InferRequest& request) { infer_rows(request, request.inputs[0].dtype); }

std::unique_ptr<Kernel> make_regressor(KernelRequest& request) {
  AttributeReader attributes = request.attributes();
  TreeEnsemble trees = read_listed_trees(attributes, "target");
  trees.targets = attributes.integer("n_targets", 1);
  const std::string aggregate = attributes.text("aggregate_function", "SUM");
  attributes.finish();
  check_model(
      aggregate == "SUM" || aggregate == "AVERAGE" || aggregate == "MIN" || aggregate == "MAX",
      "aggregate_function '{}' is not known", aggregate);
  trees.aggregate = aggregate == "SUM"       ? Aggregate::kSum
                    : aggregate == "AVERAGE" ? Aggregate::kAverage
                    : aggregate == "MIN"     ? Aggregate::kMin
                                             : Aggregate::kMax;
  check_trees(trees);
  return make_scores(request, std::move(trees));
}

void infer_regressor(InferRequest& request) { infer_rows(request, DType::kFloat32); }

// Two classes of which only one has weights. Those are the margins, or, where none is negative, the
// probabilities of the second class: under the first one's number its only score, under the second
// one's number a score of its own beside a 0. At most one base value goes with them.
struct LonelyClass {
  bool present = false;
  int64_t number = 0;
  bool probabilities = true;
};

LonelyClass find_lonely_class(const TreeEnsemble& trees) {
  LonelyClass lonely;
  lonely.present = trees.targets == 2 && !trees.weights.empty() && trees.base_values.size() < 2;
  for (const LeafWeight& weight : trees.weights) {
    lonely.present = lonely.present && weight.target == trees.weights[0].target;
    lonely.probabilities = lonely.probabilities && weight.weight >= 0;
    lonely.number = weight.target;
  }
  return lonely;
}

// Turns the scores of a row into what is put out and returns the number of its label.
int64_t classify(const TreeEnsemble& trees, const LonelyClass& lonely, double* scores) {
  if (!lonely.present) {
    const int64_t label = std::max_element(scores, scores + trees.targets) - scores;
    apply_transform(trees.transform, scores, trees.targets);
    return label;
  }
  const double score = scores[lonely.number];
  const int64_t label = score > (lonely.probabilities ? 0.5 : 0.0) ? 1 : 0;
  if (lonely.number == 1) {
    apply_transform(trees.transform, scores, 2);
  } else {
    spread_score(trees.transform, lonely.probabilities ? OneScore::kProbability : OneScore::kMargin,
                 score, scores);
  }
  return label;
}

std::unique_ptr<Kernel> make_classifier(KernelRequest& request) {
  AttributeReader attributes = request.attributes();
  TreeEnsemble read = read_listed_trees(attributes, "class");
  const ClassLabels labels = read_labels(attributes, "classlabels_int64s");
  attributes.finish();
  read.targets = labels.count();
  const LonelyClass lonely = find_lonely_class(read);
  if (lonely.present && read.base_values.size() == 1) {
    read.base_values.insert(lonely.number == 0 ? read.base_values.end() : read.base_values.begin(),
                            0.0);
  }
  const FeatureRows rows = rows_of(request.input(0).shape);
  check_trees(read);
  check_features(read, rows.columns);
  make_plain(read);
  if (request.has_output(0)) request.check_output(0, {rows.count});
  if (request.has_output(1)) request.check_output(1, {rows.count, labels.count()});
  auto trees = std::make_shared<const TreeEnsemble>(std::move(read));
  return make_kernel([trees, labels, lonely](KernelContext& context) {
    const int64_t classes = trees->targets;
    for_each_score(*trees, context, [&](int64_t row, double* scores) {
      const int64_t label = classify(*trees, lonely, scores);
      if (context.has_output(0)) labels.write(context.output(0), row, label);
      if (!context.has_output(1)) return;
      std::copy_n(scores, classes, context.output(1).as<float>() + row * classes);
    });
  });
}

void infer_classifier(InferRequest& request) {
  AttributeReader attributes(request.node);
  const ClassLabels labels = read_labels(attributes, "classlabels_int64s");
  check_model(labels.count() > 0, "class labels are missing");
  const int64_t rows = rows_of(request.inputs[0].shape).count;
  request.set_output(0, labels.dtype(), {rows});
  request.set_output(1, DType::kFloat32, {rows, labels.count()});
}

}  // namespace

void register_tree_ensemble(Registry& registry) {
  constexpr std::string_view kDomain = "ai.onnx.ml";
  registry.add("TreeEnsemble", kDomain).kernel("reference", make_ensemble).infer = infer_ensemble;
  registry.add("TreeEnsembleRegressor", kDomain).kernel("reference", make_regressor).infer =
      infer_regressor;
  OpDef& classifier = registry.add("TreeEnsembleClassifier", kDomain);
  classifier.kernel("reference", make_classifier).infer = infer_classifier;
  classifier.classifies = true;
}

}  // namespace convoy
