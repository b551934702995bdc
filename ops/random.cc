// RandomNormal, RandomUniform, RandomNormalLike, RandomUniformLike (opset 1 and up), Multinomial
// (7 and up), Bernoulli (15 and up). Draws what NumPy's RandomState draws; RandomEngines tells
// which runs give the same numbers.
#include <cmath>
#include <optional>

#include "ops/kernels/random/random_engines.h"
#include "ops/kernels/random/random_state.h"
#include "runtime/op/registry.h"

namespace convoy {
namespace {

using Seed = std::optional<uint32_t>;

Seed read_seed(AttributeReader& attributes) {
  if (!attributes.has("seed")) return std::nullopt;
  const float seed = attributes.number("seed", 0);
  check_model(std::abs(seed) < 0x1p63F, "seed is {}", seed);
  return static_cast<uint32_t>(static_cast<int64_t>(seed));
}

std::shared_ptr<RandomEngines> engines_of(const KernelRequest& request, Seed seed) {
  return std::make_shared<RandomEngines>(seed,
                                         request.graph().value_name(request.node().outputs[0]));
}

template <typename Draw>
void fill(const TensorView& out, const Draw& draw) {
  visit_floating(out.dtype, [&](auto tag) {
    using T = typename decltype(tag)::type;
    for (int64_t i = 0; i < out.count(); ++i) {
      double value = draw();
      if constexpr (std::is_same_v<T, double>) {
        out.as<T>()[i] = value;
      } else {
        out.as<T>()[i] = T(static_cast<float>(value));
      }
    }
  });
}

struct Distribution {
  bool normal;
  double first;   // mean, or the lower bound
  double second;  // standard deviation, or the upper bound
};

Distribution read_distribution(AttributeReader& attributes, bool normal) {
  if (normal) return {true, attributes.number("mean", 0), attributes.number("scale", 1)};
  return {false, attributes.number("low", 0), attributes.number("high", 1)};
}

std::unique_ptr<Kernel> make_random(KernelRequest& request, bool normal) {
  AttributeReader attributes = request.attributes();
  Distribution distribution = read_distribution(attributes, normal);
  Seed seed = read_seed(attributes);
  attributes.ignore("shape");
  attributes.ignore("dtype");
  attributes.finish();
  return make_kernel([distribution, engines = engines_of(request, seed)](KernelContext& context) {
    std::mt19937 engine = engines->next();
    if (distribution.normal) {
      NormalSource source(engine);
      fill(context.output(0),
           [&] { return distribution.first + distribution.second * source.next(); });
    } else {
      double width = distribution.second - distribution.first;
      fill(context.output(0), [&] { return distribution.first + width * next_unit(engine); });
    }
  });
}

template <typename T>
void draw_bernoulli(const TensorView& p, const TensorView& out, std::mt19937& engine) {
  for (int64_t i = 0; i < p.count(); ++i) {
    auto probability = static_cast<double>(p.as<T>()[i]);
    bool hit = next_unit(engine) < probability;
    if (out.dtype == DType::kBool) {
      out.as<bool>()[i] = hit;
    } else {
      visit_numeric(out.dtype, [&](auto tag) {
        using Out = typename decltype(tag)::type;
        out.as<Out>()[i] = static_cast<Out>(static_cast<float>(hit));
      });
    }
  }
}

std::unique_ptr<Kernel> make_bernoulli(KernelRequest& request) {
  AttributeReader attributes = request.attributes();
  Seed seed = read_seed(attributes);
  attributes.ignore("dtype");
  attributes.finish();
  request.check_output(0, request.input(0).shape);
  return make_kernel([engines = engines_of(request, seed)](KernelContext& context) {
    std::mt19937 engine = engines->next();
    visit_floating(context.input(0).dtype, [&](auto tag) {
      using T = typename decltype(tag)::type;
      draw_bernoulli<T>(context.input(0), context.output(0), engine);
    });
  });
}

// One index, with probabilities in proportion to e^logit.
template <typename T>
int64_t draw_class(const T* logits, int64_t classes, std::mt19937& engine) {
  double largest = -std::numeric_limits<double>::infinity();
  for (int64_t c = 0; c < classes; ++c) {
    largest = std::max(largest, static_cast<double>(logits[c]));
  }
  double sum = 0;
  for (int64_t c = 0; c < classes; ++c) sum += std::exp(static_cast<double>(logits[c]) - largest);
  double target = next_unit(engine) * sum;
  for (int64_t c = 0; c < classes; ++c) {
    target -= std::exp(static_cast<double>(logits[c]) - largest);
    if (target < 0) return c;
  }
  return classes - 1;
}

std::unique_ptr<Kernel> make_multinomial(KernelRequest& request) {
  AttributeReader attributes = request.attributes();
  Seed seed = read_seed(attributes);
  attributes.ignore("dtype");
  attributes.ignore("sample_size");
  attributes.finish();
  check_model(request.input(0).rank() == 2, "Multinomial needs a matrix, not {}",
              to_string(request.input(0)));
  check_model(request.output(0).rank() == 2, "the output has rank {}", request.output(0).rank());
  request.check_output(0, {request.input(0).shape[0], request.output(0).shape[1]});
  return make_kernel([engines = engines_of(request, seed)](KernelContext& context) {
    std::mt19937 engine = engines->next();
    const TensorView& logits = context.input(0);
    const TensorView& out = context.output(0);
    int64_t classes = logits.shape[1];
    int64_t samples = out.shape[1];
    check_input(classes > 0 || out.count() == 0, "Multinomial has no classes to draw from");
    visit_floating(logits.dtype, [&](auto tag) {
      using T = typename decltype(tag)::type;
      for (int64_t i = 0; i < out.count(); ++i) {
        int64_t drawn = draw_class(logits.as<T>() + i / samples * classes, classes, engine);
        if (out.dtype == DType::kInt64)
          out.as<int64_t>()[i] = drawn;
        else
          out.as<int32_t>()[i] = static_cast<int32_t>(drawn);
      }
    });
  });
}

}  // namespace

void register_random(Registry& registry) {
  for (const char* name : {"RandomNormal", "RandomNormalLike"}) {
    registry.add(name)
        .kernel("reference", [](KernelRequest& request) { return make_random(request, true); })
        .random = true;
  }
  for (const char* name : {"RandomUniform", "RandomUniformLike"}) {
    registry.add(name)
        .kernel("reference", [](KernelRequest& request) { return make_random(request, false); })
        .random = true;
  }
  registry.add("Bernoulli").kernel("reference", make_bernoulli).random = true;
  registry.add("Multinomial").kernel("reference", make_multinomial).random = true;
}

}  // namespace convoy
