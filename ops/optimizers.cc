// Adagrad, Adam and Momentum of ai.onnx.preview.training, version 1: one step of an optimizer over
// any number of tensors. Inputs: R, T, then all X, all gradients, and the states of each.

#include <cmath>

#include "runtime/op/registry.h"

namespace convoy {
namespace {

// Updates one element: x and its states in place, from gradient g.
struct Adagrad {
  static constexpr int kStates = 1;
  double norm_coefficient, decay_factor, epsilon;

  explicit Adagrad(AttributeReader& attributes)
      : norm_coefficient(attributes.number("norm_coefficient", 0)),
        decay_factor(attributes.number("decay_factor", 0)),
        epsilon(attributes.number("epsilon", 0)) {}

  void step(double r, double t, double g, double& x, double* state) const {
    const double gradient = norm_coefficient * x + g;
    state[0] += gradient * gradient;
    x -= r / (1 + t * decay_factor) * gradient / (std::sqrt(state[0]) + epsilon);
  }
};

struct Adam {
  static constexpr int kStates = 2;
  double norm_coefficient, norm_coefficient_post, alpha, beta, epsilon;

  explicit Adam(AttributeReader& attributes)
      : norm_coefficient(attributes.number("norm_coefficient", 0)),
        norm_coefficient_post(attributes.number("norm_coefficient_post", 0)),
        alpha(attributes.number("alpha", 0.9f)),
        beta(attributes.number("beta", 0.999f)),
        epsilon(attributes.number("epsilon", 0)) {}

  void step(double r, double t, double g, double& x, double* state) const {
    const double gradient = norm_coefficient * x + g;
    state[0] = alpha * state[0] + (1 - alpha) * gradient;
    state[1] = beta * state[1] + (1 - beta) * gradient * gradient;
    const double rate = t > 0 ? r * std::sqrt(1 - std::pow(beta, t)) / (1 - std::pow(alpha, t)) : r;
    x = (1 - norm_coefficient_post) * (x - rate * state[0] / (std::sqrt(state[1]) + epsilon));
  }
};

struct Momentum {
  static constexpr int kStates = 1;
  double norm_coefficient, alpha, beta;
  bool nesterov;

  explicit Momentum(AttributeReader& attributes)
      : norm_coefficient(attributes.number("norm_coefficient", 0)),
        alpha(attributes.number("alpha", 0)),
        beta(attributes.number("beta", 0)) {
    const std::string mode = attributes.text("mode", "standard");
    check_model(mode == "standard" || mode == "nesterov", "mode '{}' is not known", mode);
    nesterov = mode == "nesterov";
  }

  void step(double r, double t, double g, double& x, double* state) const {
    const double gradient = norm_coefficient * x + g;
    state[0] = alpha * state[0] + (t > 0 ? beta : 1.0) * gradient;
    x -= r * (nesterov ? gradient + alpha * state[0] : state[0]);
  }
};

double scalar(const TensorView& view, const char* name) {
  check_input(view.count() == 1, "{} has {} elements, expected one", name, view.count());
  const Tensor tensor = Tensor::borrow(view);
  return is_floating(view.dtype) ? to_doubles(tensor)[0]
                                 : static_cast<double>(to_int64s(tensor)[0]);
}

template <typename T, typename Optimizer>
void update_tensor(const Optimizer& optimizer, double r, double t, int index, int tensors,
                   KernelContext& context) {
  constexpr int kStates = Optimizer::kStates;
  const int64_t count = context.input(2 + index).count();
  auto input = [&](int group) -> const T* {
    const TensorView& view = context.input(2 + group * tensors + index);
    check_input(view.count() == count && view.dtype == dtype_of<T>,
                "input {} does not fit the tensor that it belongs to", 2 + group * tensors + index);
    return view.as<T>();
  };
  auto output = [&](int group) -> T* {
    const int j = group * tensors + index;
    return context.has_output(j) ? context.output(j).as<T>() : nullptr;
  };
  const T* from[2 + kStates];
  T* to[1 + kStates];
  for (int group = 0; group < 2 + kStates; ++group) from[group] = input(group);
  for (int group = 0; group < 1 + kStates; ++group) to[group] = output(group);
  for (int64_t i = 0; i < count; ++i) {
    double x = static_cast<double>(from[0][i]);
    double state[kStates];
    for (int s = 0; s < kStates; ++s) state[s] = static_cast<double>(from[2 + s][i]);
    optimizer.step(r, t, static_cast<double>(from[1][i]), x, state);
    if (to[0] != nullptr) to[0][i] = static_cast<T>(x);
    for (int s = 0; s < kStates; ++s) {
      if (to[1 + s] != nullptr) to[1 + s][i] = static_cast<T>(state[s]);
    }
  }
}

template <typename Optimizer>
std::unique_ptr<Kernel> make_optimizer(KernelRequest& request) {
  AttributeReader attributes = request.attributes();
  const Optimizer optimizer(attributes);
  attributes.finish();
  constexpr int kGroups = 2 + Optimizer::kStates;
  const int operands = request.input_count() - 2;
  check_input(operands > 0 && operands % kGroups == 0, "{} tensors do not form groups of {}",
              operands, kGroups);
  const int tensors = operands / kGroups;
  for (int j = 0; j < request.output_count(); ++j) {
    request.check_output(j, request.input(2 + j % tensors).shape);
  }
  return make_kernel([optimizer, tensors](KernelContext& context) {
    const double r = scalar(context.input(0), "R");
    const double t = scalar(context.input(1), "T");
    for (int i = 0; i < tensors; ++i) {
      visit_dtype_among<float, double>(context.input(2 + i).dtype, [&](auto tag) {
        using T = typename decltype(tag)::type;
        update_tensor<T>(optimizer, r, t, i, tensors, context);
      });
    }
  });
}

}  // namespace

void register_optimizers(Registry& registry) {
  constexpr std::string_view kDomain = "ai.onnx.preview.training";
  registry.add("Adagrad", kDomain).kernel("reference", make_optimizer<Adagrad>);
  registry.add("Adam", kDomain).kernel("reference", make_optimizer<Adam>);
  registry.add("Momentum", kDomain).kernel("reference", make_optimizer<Momentum>);
}

}  // namespace convoy
