// NegativeLogLikelihoodLoss and SoftmaxCrossEntropyLoss, opset 12 to 28: for scores [N, C, D…] and
// labels [N, D…], -weight[label] · score[label]; the latter of log(softmax(scores)), its output 1.

#include <cmath>
#include <optional>

#include "runtime/op/registry.h"

namespace convoy {
namespace {

enum class Reduction { kNone, kSum, kMean };

struct Loss {
  bool softmax = false;
  Reduction reduction = Reduction::kMean;
  std::optional<int64_t> ignored;
  int64_t batch = 1;
  int64_t classes = 1;
  int64_t inner = 1;
};

Loss read_loss(const KernelRequest& request) {
  AttributeReader attributes = request.attributes();
  Loss loss;
  loss.softmax = request.node().is("SoftmaxCrossEntropyLoss");
  const std::string reduction = attributes.text("reduction", "mean");
  check_model(reduction == "none" || reduction == "sum" || reduction == "mean",
              "reduction '{}' is not known", reduction);
  loss.reduction = reduction == "none"  ? Reduction::kNone
                   : reduction == "sum" ? Reduction::kSum
                                        : Reduction::kMean;
  if (attributes.has("ignore_index")) loss.ignored = attributes.integer("ignore_index", 0);
  attributes.finish();
  const Shape& scores = request.input(0).shape;
  check_input(scores.rank() >= 2, "scores of rank {} have no classes", scores.rank());
  Shape labels = scores;
  labels.erase(1);
  check_input(request.input(1).shape == labels, "labels have shape {}, expected {}",
              to_string(request.input(1).shape), to_string(labels));
  request.check_output(0, loss.reduction == Reduction::kNone ? labels : Shape{});
  request.check_output(1, scores);
  loss.batch = scores[0];
  loss.classes = scores[1];
  for (int i = 2; i < scores.rank(); ++i) loss.inner *= scores[i];
  check_input(!request.has_input(2) || request.input(2).count() == loss.classes,
              "weights do not fit {} classes", loss.classes);
  return loss;
}

template <typename T>
T from_double(double value) {
  if constexpr (std::is_same_v<T, double>) return value;
  return static_cast<T>(static_cast<float>(value));
}

// log(softmax) down one column of [classes][inner].
template <typename T>
void log_softmax(const Loss& loss, const T* scores, double* result) {
  double top = -INFINITY;
  for (int64_t c = 0; c < loss.classes; ++c) {
    result[c] = static_cast<double>(scores[c * loss.inner]);
    top = std::max(top, result[c]);
  }
  double total = 0;
  for (int64_t c = 0; c < loss.classes; ++c) total += std::exp(result[c] - top);
  const double log_total = std::log(total);
  for (int64_t c = 0; c < loss.classes; ++c) result[c] = result[c] - top - log_total;
}

std::vector<int64_t> read_labels(const Loss& loss, const TensorView& view) {
  std::vector<int64_t> labels = to_int64s(Tensor::borrow(view));
  for (int64_t label : labels) {
    if (loss.ignored && label == *loss.ignored) continue;
    check_input(label >= 0 && label < loss.classes, "label {} is outside of [0, {})", label,
                loss.classes);
  }
  return labels;
}

template <typename T>
void run(const Loss& loss, KernelContext& context) {
  const T* scores = context.input(0).as<T>();
  const T* weights = context.has_input(2) ? context.input(2).as<T>() : nullptr;
  const std::vector<int64_t> labels = read_labels(loss, context.input(1));
  T* out = context.output(0).as<T>();
  T* logs = context.has_output(1) ? context.output(1).as<T>() : nullptr;
  std::vector<double> column(static_cast<size_t>(loss.classes));
  double total = 0;
  double total_weight = 0;
  for (int64_t i = 0; i < loss.batch * loss.inner; ++i) {
    const int64_t at = i / loss.inner * loss.classes * loss.inner + i % loss.inner;
    if (loss.softmax) {
      log_softmax(loss, scores + at, column.data());
      for (int64_t c = 0; c < loss.classes && logs != nullptr; ++c) {
        logs[at + c * loss.inner] = from_double<T>(column[static_cast<size_t>(c)]);
      }
    }
    const int64_t label = labels[static_cast<size_t>(i)];
    double value = 0;
    if (!loss.ignored || label != *loss.ignored) {
      const double weight = weights != nullptr ? static_cast<double>(weights[label]) : 1.0;
      value = -weight * (loss.softmax ? column[static_cast<size_t>(label)]
                                      : static_cast<double>(scores[at + label * loss.inner]));
      total_weight += weight;
    }
    total += value;
    if (loss.reduction == Reduction::kNone) out[i] = from_double<T>(value);
  }
  if (loss.reduction == Reduction::kSum) out[0] = from_double<T>(total);
  if (loss.reduction == Reduction::kMean) out[0] = from_double<T>(total / total_weight);
}

std::unique_ptr<Kernel> make_reference(KernelRequest& request) {
  const Loss loss = read_loss(request);
  return make_kernel([loss](KernelContext& context) {
    visit_floating(context.input(0).dtype,
                   [&](auto tag) { run<typename decltype(tag)::type>(loss, context); });
  });
}

}  // namespace

void register_cross_entropy(Registry& registry) {
  registry.add("NegativeLogLikelihoodLoss").kernel("reference", make_reference);
  registry.add("SoftmaxCrossEntropyLoss").kernel("reference", make_reference);
}

}  // namespace convoy
