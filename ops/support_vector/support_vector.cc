// SVMClassifier and SVMRegressor of ai.onnx.ml, version 1: sums over support vectors, or, where
// there are none, linear models.

#include "ops/support_vector/support_vector.h"

#include <algorithm>
#include <cmath>

#include "ops/scores/scores.h"
#include "runtime/op/registry.h"

namespace convoy {
namespace {

int64_t size_of_list(const auto& list) { return static_cast<int64_t>(list.size()); }

struct SvmClassifier {
  explicit SvmClassifier(AttributeReader& attributes) : kernel(attributes) {}

  VectorKernel kernel;
  PostTransform transform = PostTransform::kNone;
  ClassLabels labels;
  std::vector<float> coefficients;  // [classes - 1, vectors]; linear: [classes, features]
  std::vector<float> vectors;       // [vectors, features]; linear: empty
  std::vector<float> rho;           // one for each pair of classes; linear: one
  std::vector<float> a, b;          // of the pairs' probabilities; may be empty
  std::vector<int64_t> starts;      // of each class's vectors, then their count
  int64_t classes = 0;
  int64_t features = 0;
  bool all_positive = true;  // the coefficients

  bool linear() const { return vectors.empty(); }
  int64_t vector_count() const { return starts.back(); }
  int64_t pairs() const { return classes * (classes - 1) / 2; }
  int64_t columns() const {
    if (linear() || !a.empty()) return classes;
    return classes > 2 ? pairs() : 2;
  }
};

void check_sizes(const SvmClassifier& svm) {
  check_model(svm.classes > 0, "class labels are missing");
  check_model(!svm.rho.empty() && !svm.coefficients.empty(), "rho or coefficients are missing");
  if (svm.linear()) return;
  check_model(svm.classes > 1, "support vectors of one class");
  check_model(size_of_list(svm.starts) == svm.classes + 1, "vectors_per_class has {} of {} classes",
              svm.starts.size() - 1, svm.classes);
  check_model(size_of_list(svm.coefficients) / (svm.classes - 1) == svm.vector_count() &&
                  size_of_list(svm.coefficients) % (svm.classes - 1) == 0,
              "{} coefficients for {} vectors of {} classes", svm.coefficients.size(),
              svm.vector_count(), svm.classes);
  check_model(size_of_list(svm.rho) >= svm.pairs(), "rho has {} of {} numbers", svm.rho.size(),
              svm.pairs());
  check_model(svm.a.size() == svm.b.size() && (svm.a.empty() || size_of_list(svm.a) >= svm.pairs()),
              "prob_a has {} numbers and prob_b {}, expected {}", svm.a.size(), svm.b.size(),
              svm.pairs());
}

SvmClassifier read_classifier(const Node& node) {
  AttributeReader attributes(node);
  SvmClassifier svm(attributes);
  svm.transform = transform_of(attributes.text("post_transform", "NONE"));
  svm.labels = read_labels(attributes, "classlabels_ints");
  svm.coefficients = attributes.numbers("coefficients");
  svm.vectors = attributes.numbers("support_vectors");
  svm.rho = attributes.numbers("rho");
  svm.a = attributes.numbers("prob_a");
  svm.b = attributes.numbers("prob_b");
  const auto per_class = attributes.integers("vectors_per_class");
  attributes.finish();
  svm.classes = svm.labels.count();
  svm.starts.push_back(0);
  for (int64_t count : per_class) {
    check_model(count >= 0 && count <= size_of_list(svm.vectors) - svm.starts.back(),
                "vectors_per_class counts more than the {} numbers of support_vectors",
                svm.vectors.size());
    svm.starts.push_back(svm.starts.back() + count);
  }
  if (svm.vector_count() == 0) svm.vectors.clear();
  check_sizes(svm);
  const int64_t of = svm.linear() ? svm.classes : svm.vector_count();
  const int64_t numbers = size_of_list(svm.linear() ? svm.coefficients : svm.vectors);
  check_model(numbers % of == 0, "{} numbers are not the same number of features for each of {}",
              numbers, of);
  svm.features = numbers / of;
  svm.all_positive = std::ranges::all_of(svm.coefficients, [](float c) { return c >= 0; });
  return svm;
}

// scores[classes]; returns the label's number.
int64_t score_linear(const SvmClassifier& svm, const float* x, double* scores) {
  for (int64_t c = 0; c < svm.classes; ++c) {
    scores[c] = dot_product(x, svm.coefficients.data() + c * svm.features, svm.features) +
                static_cast<double>(svm.rho[0]);
  }
  const auto* top = std::max_element(scores, scores + svm.classes);
  // Of two classes the second one wins wherever a score speaks for itself, as in ONNX Runtime.
  if (svm.classes == 2 && svm.a.empty() && (svm.all_positive ? *top >= 0.5 : *top > 0)) return 1;
  return top - scores;
}

// Decisions between all pairs of classes, in the order (0, 1), (0, 2), …; returns the number of the
// class with most votes, the first of equals.
int64_t decide_pairs(const SvmClassifier& svm, const float* x, std::vector<double>& decisions) {
  const int64_t count = svm.vector_count();
  std::vector<double> kernels(static_cast<size_t>(count));
  for (int64_t v = 0; v < count; ++v) {
    kernels[static_cast<size_t>(v)] =
        svm.kernel(x, svm.vectors.data() + v * svm.features, svm.features);
  }
  auto sum = [&](int64_t row, int64_t of_class) {
    double total = 0;
    const float* weights = svm.coefficients.data() + row * count;
    for (int64_t v = svm.starts[static_cast<size_t>(of_class)];
         v < svm.starts[static_cast<size_t>(of_class) + 1]; ++v) {
      total += static_cast<double>(weights[v]) * kernels[static_cast<size_t>(v)];
    }
    return total;
  };
  std::vector<int64_t> votes(static_cast<size_t>(svm.classes));
  decisions.clear();
  for (int64_t i = 0; i < svm.classes; ++i) {
    for (int64_t j = i + 1; j < svm.classes; ++j) {
      const double rho = static_cast<double>(svm.rho[decisions.size()]);
      decisions.push_back(sum(j - 1, i) + sum(i, j) + rho);
      ++votes[static_cast<size_t>(decisions.back() > 0 ? i : j)];
    }
  }
  return std::ranges::max_element(votes) - votes.begin();
}

void probabilities_of(const SvmClassifier& svm, const std::vector<double>& decisions,
                      double* scores) {
  constexpr double kLeast = 1e-7;
  std::vector<double> pair(static_cast<size_t>(svm.classes * svm.classes));
  size_t k = 0;
  for (int64_t i = 0; i < svm.classes; ++i) {
    for (int64_t j = i + 1; j < svm.classes; ++j, ++k) {
      const double margin =
          decisions[k] * static_cast<double>(svm.a[k]) + static_cast<double>(svm.b[k]);
      const double p = std::clamp(1 / (1 + std::exp(margin)), kLeast, 1 - kLeast);
      pair[static_cast<size_t>(i * svm.classes + j)] = p;
      pair[static_cast<size_t>(j * svm.classes + i)] = 1 - p;
    }
  }
  couple_pairs(pair.data(), svm.classes, scores);
}

int64_t classify(const SvmClassifier& svm, const float* x, double* scores) {
  if (svm.linear()) {
    const int64_t label = score_linear(svm, x, scores);
    apply_transform(svm.transform, scores, svm.classes);
    return label;
  }
  std::vector<double> decisions;
  const int64_t label = decide_pairs(svm, x, decisions);
  if (!svm.a.empty()) {
    probabilities_of(svm, decisions, scores);
    apply_transform(svm.transform, scores, svm.classes);
  } else if (svm.classes == 2) {
    const bool plain = svm.transform == PostTransform::kNone;
    spread_score(svm.transform, plain ? OneScore::kMargin : OneScore::kProbability, decisions[0],
                 scores);
  } else {
    std::ranges::copy(decisions, scores);
    apply_transform(svm.transform, scores, svm.pairs());
  }
  return label;
}

std::unique_ptr<Kernel> make_classifier(KernelRequest& request) {
  auto svm = std::make_shared<const SvmClassifier>(read_classifier(request.node()));
  const FeatureRows rows = rows_of(request.input(0).shape);
  check_input(rows.columns == svm->features, "{} features, the model has {}", rows.columns,
              svm->features);
  if (request.has_output(0)) request.check_output(0, {rows.count});
  if (request.has_output(1)) request.check_output(1, {rows.count, svm->columns()});
  return make_kernel([svm](KernelContext& context) {
    const int64_t columns = svm->columns();
    const auto work = size_of_list(svm->vectors) + size_of_list(svm->coefficients);
    for_each_row(context, work, [&](int64_t row, const float* from) {
      std::vector<double> scores(static_cast<size_t>(std::max(columns, svm->classes)));
      const int64_t label = classify(*svm, from, scores.data());
      if (context.has_output(0)) svm->labels.write(context.output(0), row, label);
      if (!context.has_output(1)) return;
      std::copy_n(scores.data(), columns, context.output(1).as<float>() + row * columns);
    });
  });
}

void infer_classifier(InferRequest& request) {
  const SvmClassifier svm = read_classifier(request.node);
  const int64_t rows = rows_of(request.inputs[0].shape).count;
  request.set_output(0, svm.labels.dtype(), {rows});
  request.set_output(1, DType::kFloat32, {rows, svm.columns()});
}

struct SvmRegressor {
  explicit SvmRegressor(AttributeReader& attributes) : kernel(attributes) {}

  VectorKernel kernel;
  std::vector<float> coefficients;  // [vectors]; linear: [features]
  std::vector<float> vectors;       // [vectors, features]; linear: empty
  double rho = 0;
  bool one_class = false;
  int64_t features = 0;

  double score(const float* x) const {
    if (vectors.empty()) return dot_product(x, coefficients.data(), features) + rho;
    double total = 0;
    for (size_t v = 0; v < coefficients.size(); ++v) {
      const float* vector = vectors.data() + v * static_cast<size_t>(features);
      total += static_cast<double>(coefficients[v]) * kernel(x, vector, features);
    }
    return total + rho;
  }
};

SvmRegressor read_regressor(const Node& node) {
  AttributeReader attributes(node);
  SvmRegressor svm(attributes);
  svm.coefficients = attributes.numbers("coefficients");
  svm.vectors = attributes.numbers("support_vectors");
  svm.one_class = attributes.integer("one_class", 0) != 0;
  const auto rho = attributes.numbers("rho");
  const int64_t supports = attributes.integer("n_supports", 0);
  // ONNX Runtime, for which models are made, puts the bare score out.
  transform_of(attributes.text("post_transform", "NONE"));
  attributes.finish();
  check_model(!svm.coefficients.empty() && !rho.empty(), "coefficients or rho are missing");
  svm.rho = static_cast<double>(rho[0]);
  if (supports <= 0) {
    svm.vectors.clear();
    svm.features = size_of_list(svm.coefficients);
    return svm;
  }
  check_model(size_of_list(svm.coefficients) == supports && !svm.vectors.empty() &&
                  size_of_list(svm.vectors) % supports == 0,
              "{} coefficients and {} numbers of support vectors for n_supports {}",
              svm.coefficients.size(), svm.vectors.size(), supports);
  svm.features = size_of_list(svm.vectors) / supports;
  return svm;
}

std::unique_ptr<Kernel> make_regressor(KernelRequest& request) {
  auto svm = std::make_shared<const SvmRegressor>(read_regressor(request.node()));
  const FeatureRows rows = rows_of(request.input(0).shape);
  check_input(rows.columns == svm->features, "{} features, the model has {}", rows.columns,
              svm->features);
  request.check_output(0, {rows.count, 1});
  return make_kernel([svm](KernelContext& context) {
    float* to = context.output(0).as<float>();
    const auto work = size_of_list(svm->vectors) + size_of_list(svm->coefficients);
    for_each_row(context, work, [&](int64_t row, const float* from) {
      const double score = svm->score(from);
      to[row] = svm->one_class ? (score > 0 ? 1.0f : -1.0f) : static_cast<float>(score);
    });
  });
}

void infer_regressor(InferRequest& request) {
  request.set_output(0, DType::kFloat32, {rows_of(request.inputs[0].shape).count, 1});
}

}  // namespace

void register_support_vector(Registry& registry) {
  constexpr std::string_view kDomain = "ai.onnx.ml";
  OpDef& classifier = registry.add("SVMClassifier", kDomain);
  classifier.kernel("reference", make_classifier).infer = infer_classifier;
  classifier.classifies = true;
  registry.add("SVMRegressor", kDomain).kernel("reference", make_regressor).infer = infer_regressor;
}

}  // namespace convoy
