#include "tests/hostile/subject.h"

#include <algorithm>
#include <string_view>

#include "loaders/onnx/reader.h"
#include "loaders/onnx/writer.h"
#include "runtime/onnx/tensors.h"
#include "runtime/session/session.h"

namespace convoy::testing {
namespace {

// Pieces of messages that come from the standard library and from assertions.
bool is_raw(std::string_view text) {
  for (std::string_view piece : {"std::", "_M_", "vector::", "basic_string", "bad_alloc",
                                 "bad_variant", "bad_optional", "stoi", "map::at", "Assertion"}) {
    if (text.find(piece) != std::string_view::npos) return true;
  }
  return false;
}

// Runs `body`; returns why it was refused.
template <typename Body>
std::string guarded(const char* stage, HostileVerdict& verdict, Body&& body) {
  try {
    body();
    return "";
  } catch (const Error& error) {
    if (error.code() == ErrorCode::kInternal || is_raw(error.what())) {
      verdict.problem = fmt::format("{}: {}: {}", stage, to_string(error.code()), error.what());
    }
    return error.what();
  } catch (const std::exception& error) {
    verdict.problem = fmt::format("{}: raw exception: {}", stage, error.what());
    return verdict.problem;
  }
}

// The bytes of the outputs that are tensors.
int64_t run(const HostileCase& hostile, const std::string& bytes, bool optimize) {
  SessionOptions options;
  options.threads = 1;
  options.optimize = optimize;
  options.memory_limit = kHostileMemoryLimit;
  Session session(read_model_bytes(std::as_bytes(std::span(bytes)), "hostile"), options);
  Feeds feeds;
  for (size_t i = 0; i < hostile.inputs.size(); ++i) {
    const auto& input = hostile.model.graph().input(static_cast<int>(i));
    feeds.emplace_back(input.name(), tensor_from_proto(hostile.inputs[i]));
  }
  int64_t output_bytes = 0;
  for (const Value& output : session.run(feeds)) {
    if (output.is_tensor()) output_bytes += output.tensor().desc().bytes();
  }
  return output_bytes;
}

}  // namespace

HostileVerdict try_hostile(const HostileCase& hostile) {
  HostileVerdict verdict;
  std::string bytes = hostile.model.SerializeAsString();
  guarded("optimize", verdict, [&] {
    Model model = read_model_bytes(std::as_bytes(std::span(bytes)), "hostile");
    optimize_graph(model);
    serialize_model(model);
  });
  if (!verdict.problem.empty()) return verdict;
  verdict.refusal =
      guarded("run as it is", verdict, [&] { verdict.output_bytes = run(hostile, bytes, false); });
  if (!verdict.problem.empty()) return verdict;
  guarded("run optimized", verdict, [&] {
    verdict.output_bytes = std::max(verdict.output_bytes, run(hostile, bytes, true));
  });
  return verdict;
}

}  // namespace convoy::testing
