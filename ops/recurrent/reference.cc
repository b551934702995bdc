// The definition of LSTM, GRU and RNN, in double and one element after the other.

#include <algorithm>

#include "ops/recurrent/recurrent.h"

namespace convoy {
namespace {

using Vector = std::vector<double>;

Vector read(const KernelContext& context, int i, int64_t count_if_absent) {
  if (!context.has_input(i)) return Vector(static_cast<size_t>(count_if_absent));
  const TensorView& view = context.input(i);
  Vector values(static_cast<size_t>(view.count()));
  visit_floating(view.dtype, [&](auto tag) {
    const auto* from = view.as<typename decltype(tag)::type>();
    for (size_t k = 0; k < values.size(); ++k) values[k] = static_cast<double>(from[k]);
  });
  return values;
}

void write(const TensorView& view, int64_t at, const Vector& values) {
  visit_floating(view.dtype, [&](auto tag) {
    using T = typename decltype(tag)::type;
    using Work = std::conditional_t<std::is_same_v<T, double>, double, float>;
    for (size_t k = 0; k < values.size(); ++k) {
      view.as<T>()[at + static_cast<int64_t>(k)] = static_cast<T>(static_cast<Work>(values[k]));
    }
  });
}

double dot(const double* a, const double* b, int64_t n) {
  double sum = 0;
  for (int64_t k = 0; k < n; ++k) sum += a[k] * b[k];
  return sum;
}

// One direction's parameters and the state of one batch entry.
class OneSequence {
 public:
  OneSequence(const Recurrent& node, int64_t direction, const double* w, const double* r,
              const double* bias, const double* peephole)
      : node_(node), w_(w), r_(r), bias_(bias), peephole_(peephole) {
    const int64_t per = node.activations_per_direction();
    activations_ = node.activations.data() + direction * per;
  }

  Vector hidden;
  Vector cell;

  // `rounding` of the state that R is multiplied by; null for none.
  void step(const double* x, const StateRounding* rounding) {
    if (node_.cell == Cell::kLstm) {
      lstm(x, rounding);
    } else if (node_.cell == Cell::kGru) {
      gru(x);
    } else {
      Vector next(hidden.size());
      for (int64_t k = 0; k < node_.hidden; ++k) {
        at(next, k) = activations_[0](clip(from_input(x, 0, k) + from_state(hidden, 0, k)));
      }
      hidden = next;
    }
  }

 private:
  static double& at(Vector& v, int64_t k) { return v[static_cast<size_t>(k)]; }
  static double at(const Vector& v, int64_t k) { return v[static_cast<size_t>(k)]; }

  double clip(double x) const {
    return node_.clip > 0 ? std::min(node_.clip, std::max(-node_.clip, x)) : x;
  }
  double from_input(const double* x, int64_t gate, int64_t k) const {
    const int64_t row = gate * node_.hidden + k;
    return dot(w_ + row * node_.inputs, x, node_.inputs) + bias_[row];
  }
  double from_state(const Vector& state, int64_t gate, int64_t k) const {
    const int64_t row = gate * node_.hidden + k;
    return dot(r_ + row * node_.hidden, state.data(), node_.hidden) +
           bias_[node_.gates * node_.hidden + row];
  }
  double peephole(int64_t gate, int64_t k) const { return peephole_[gate * node_.hidden + k]; }

  void lstm(const double* x, const StateRounding* rounding) {
    Vector next(hidden.size());
    Vector state = hidden;
    if (rounding != nullptr) {
      for (double& value : state) value = (*rounding)(static_cast<float>(value));
    }
    for (int64_t k = 0; k < node_.hidden; ++k) {
      double gate[4];
      for (int64_t g = 0; g < 4; ++g) gate[g] = from_input(x, g, k) + from_state(state, g, k);
      const double before = at(cell, k);
      const double input = activations_[0](clip(gate[0] + peephole(0, k) * before));
      const double forget =
          node_.input_forget ? 1 - input : activations_[0](clip(gate[2] + peephole(2, k) * before));
      const double after = forget * before + input * activations_[1](clip(gate[3]));
      const double output = activations_[0](clip(gate[1] + peephole(1, k) * after));
      at(cell, k) = after;
      at(next, k) = output * activations_[2](after);
    }
    hidden = next;
  }

  void gru(const double* x) {
    Vector update(hidden.size());
    Vector reset(hidden.size());
    Vector reset_state(hidden.size());
    for (int64_t k = 0; k < node_.hidden; ++k) {
      at(update, k) = activations_[0](clip(from_input(x, 0, k) + from_state(hidden, 0, k)));
      at(reset, k) = activations_[0](clip(from_input(x, 1, k) + from_state(hidden, 1, k)));
      at(reset_state, k) = at(reset, k) * at(hidden, k);
    }
    Vector next(hidden.size());
    for (int64_t k = 0; k < node_.hidden; ++k) {
      const double recurrent = node_.linear_before_reset ? at(reset, k) * from_state(hidden, 2, k)
                                                         : from_state(reset_state, 2, k);
      const double candidate = activations_[1](clip(from_input(x, 2, k) + recurrent));
      at(next, k) = (1 - at(update, k)) * candidate + at(update, k) * at(hidden, k);
    }
    hidden = next;
  }

  const Recurrent& node_;
  const double* w_;
  const double* r_;
  const double* bias_;
  const double* peephole_;
  const GateActivation* activations_;
};

StateRounding rounding_of(const std::vector<OneSequence>& sequences,
                          const std::vector<int64_t>& lengths, int64_t s) {
  double low = 0;
  double high = 0;
  for (size_t b = 0; b < sequences.size(); ++b) {
    if (s > lengths[b]) continue;
    for (double value : sequences[b].hidden) {
      low = std::min(low, value);
      high = std::max(high, value);
    }
  }
  return {static_cast<float>(low), static_cast<float>(high)};
}

// Step `s` of all batch entries.
void run_step(const Recurrent& node, int64_t direction, int64_t s, const double* x,
              const std::vector<int64_t>& lengths, std::vector<OneSequence>& sequences,
              KernelContext& context) {
  const StateRounding rounding = rounding_of(sequences, lengths, s);
  for (size_t i = 0; i < sequences.size(); ++i) {
    const auto b = static_cast<int64_t>(i);
    const int64_t length = lengths[i];
    if (s >= length) {
      if (context.has_output(kY)) {
        write(context.output(kY), node.y_at(s, direction, b), Vector(sequences[i].hidden.size()));
      }
      continue;
    }
    const int64_t t = node.reverse(direction) ? length - 1 - s : s;
    const int64_t row = node.batch_first ? b * node.steps + t : t * node.batch + b;
    sequences[i].step(x + row * node.inputs, node.quantizes_state ? &rounding : nullptr);
    if (context.has_output(kY)) {
      write(context.output(kY), node.y_at(t, direction, b), sequences[i].hidden);
    }
  }
}

void run(const Recurrent& node, KernelContext& context) {
  const int64_t d = node.directions;
  const int64_t h = node.hidden;
  const int64_t rows = node.gates * h;
  const bool lstm = node.cell == Cell::kLstm;
  const Vector x = read(context, kX, 0);
  const Vector w = read(context, kW, 0);
  const Vector r = read(context, kR, 0);
  const Vector bias = read(context, kB, d * 2 * rows);
  const Vector initial_h = read(context, kInitialH, d * node.batch * h);
  Vector initial_c(initial_h.size());
  Vector peephole(static_cast<size_t>(d * 3 * h));
  if (lstm) {
    initial_c = read(context, kInitialC, d * node.batch * h);
    peephole = read(context, kP, d * 3 * h);
  }
  std::vector<int64_t> lengths(static_cast<size_t>(node.batch));
  read_sequence_lengths(node, context, lengths);
  for (int64_t direction = 0; direction < d; ++direction) {
    OneSequence begin(node, direction, w.data() + direction * rows * node.inputs,
                      r.data() + direction * rows * h, bias.data() + direction * 2 * rows,
                      peephole.data() + direction * 3 * h);
    std::vector<OneSequence> sequences(lengths.size(), begin);
    for (size_t b = 0; b < sequences.size(); ++b) {
      const auto first =
          static_cast<std::ptrdiff_t>(node.state_at(direction, static_cast<int64_t>(b)));
      sequences[b].hidden.assign(initial_h.begin() + first, initial_h.begin() + first + h);
      sequences[b].cell.assign(initial_c.begin() + first, initial_c.begin() + first + h);
    }
    for (int64_t s = 0; s < node.steps; ++s) {
      run_step(node, direction, s, x.data(), lengths, sequences, context);
    }
    for (size_t b = 0; b < sequences.size(); ++b) {
      const int64_t at = node.state_at(direction, static_cast<int64_t>(b));
      if (context.has_output(kYh)) write(context.output(kYh), at, sequences[b].hidden);
      if (lstm && context.has_output(kYc)) write(context.output(kYc), at, sequences[b].cell);
    }
  }
}

}  // namespace

std::unique_ptr<Kernel> make_recurrent_reference(KernelRequest& request) {
  const Recurrent node = read_recurrent(request);
  return make_kernel([node](KernelContext& context) { run(node, context); });
}

}  // namespace convoy
