// RegexFullMatch, opset 20 and up: does the whole string match the pattern, in RE2's syntax? Built
// only where RE2 was found.
#include "runtime/op/registry.h"

#if defined(CONVOY_HAS_RE2)
#include <re2/re2.h>
#endif

namespace convoy {

#if defined(CONVOY_HAS_RE2)
namespace {

std::unique_ptr<Kernel> make_full_match(KernelRequest& request) {
  AttributeReader attributes = request.attributes();
  std::string pattern = attributes.text("pattern", "");
  attributes.finish();
  check_input(request.input(0).dtype == DType::kString, "RegexFullMatch of {}",
              to_string(request.input(0)));
  auto expression = std::make_shared<const RE2>(pattern, RE2::Quiet);
  check_model(expression->ok(), "the pattern '{}' is malformed: {}", pattern, expression->error());
  request.check_output(0, request.input(0).shape);
  return make_kernel([expression](KernelContext& context) {
    const TensorView& input = context.input(0);
    context.threads().parallel_for(input.count(), 256, [&](int64_t begin, int64_t end) {
      for (int64_t i = begin; i < end; ++i) {
        context.output(0).as<bool>()[i] = RE2::FullMatch(input.as<std::string>()[i], *expression);
      }
    });
  });
}

}  // namespace

void register_regex_full_match(Registry& registry) {
  registry.add("RegexFullMatch")
      .versions(20, std::numeric_limits<int>::max())
      .kernel("re2", make_full_match);
}
#else
void register_regex_full_match(Registry&) {}
#endif

}  // namespace convoy
