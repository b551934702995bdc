// Mutated model files: whatever they hold, the reader returns or throws Error.
#include <gtest/gtest.h>

#include <chrono>
#include <fstream>
#include <iterator>
#include <random>

#include "loaders/onnx/reader.h"
#include "loaders/onnx/writer.h"
#include "runtime/base/log.h"
#include "runtime/graph/verifier.h"
#include "runtime/onnx/inference.h"
#include "tests/loaders/proto_model.h"
#include "tests/loaders/zoo.h"

namespace convoy {
namespace {

constexpr size_t kLargestSeedFile = 200'000;  // bytes; small files get many mutations a second

std::string read_bytes(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

std::vector<std::string> seed_files() {
  std::vector<std::string> files;
  for (const std::string& path : zoo_models()) {
    std::string bytes = read_bytes(path);
    if (bytes.size() <= kLargestSeedFile) files.push_back(std::move(bytes));
  }
  onnx::ModelProto model = empty_model();
  add_floats(*model.mutable_graph(), "w", {2, 3});
  add_node(*model.mutable_graph(), "Add", {"x", "w"}, {"y"});
  files.push_back(model.SerializeAsString());
  files.push_back(external_model("../../etc/passwd").SerializeAsString());
  return files;
}

class Mutator {
 public:
  Mutator(uint64_t seed, const std::vector<std::string>& files) : random_(seed), files_(files) {}

  std::string next() {
    std::string bytes = files_[below(files_.size())];
    size_t changes = 1 + below(8);
    for (size_t i = 0; i < changes && !bytes.empty(); ++i) change(bytes);
    return bytes;
  }

 private:
  size_t below(size_t limit) { return static_cast<size_t>(random_() % limit); }

  void change(std::string& bytes) {
    size_t at = below(bytes.size());
    size_t length = std::min(1 + below(16), bytes.size() - at);
    switch (below(6)) {
      case 0: bytes[at] = static_cast<char>(random_()); break;
      case 1: bytes[at] = static_cast<char>(bytes[at] ^ (1 << below(8))); break;
      case 2: bytes.erase(at, length); break;
      case 3: bytes.insert(at, bytes.substr(below(bytes.size()), length)); break;
      case 4: {
        // Numbers at the edges, as varints of one byte or of ten.
        static const std::string kEdges[] = {std::string("\0", 1), "\x7f",
                                             "\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01",
                                             "\xff\xff\xff\xff\xff\xff\xff\xff\x7f"};
        bytes.replace(at, 1, kEdges[below(std::size(kEdges))]);
        break;
      }
      default: bytes.resize(at); break;
    }
  }

  std::mt19937_64 random_;
  const std::vector<std::string>& files_;
};

// Returns whether the bytes are a model. What loads must keep the graph's rules and be writable.
bool try_model(const std::string& bytes) {
  try {
    Model model = read_model_bytes(std::as_bytes(std::span(bytes)), "fuzz");
    verify(model.graph);
    infer_model_types(model);
    serialize_model(model);
    return true;
  } catch (const Error& error) {
    EXPECT_NE(error.code(), ErrorCode::kInternal) << error.what();
    return false;
  }
}

// CONVOY_FUZZ_SEED repeats a run, CONVOY_FUZZ_SECONDS makes it longer.
TEST(Fuzz, MutatedModelsLoadOrThrow) {
  const char* given = std::getenv("CONVOY_FUZZ_SEED");
  uint64_t seed = given != nullptr ? std::strtoull(given, nullptr, 10) : std::random_device{}();
  const char* time = std::getenv("CONVOY_FUZZ_SECONDS");
  RecordProperty("seed", std::to_string(seed));
  std::printf("seed %llu\n", static_cast<unsigned long long>(seed));
  std::fflush(stdout);  // a crash must not lose it
  set_warning_sink([](std::string_view) {});
  std::vector<std::string> files = seed_files();
  Mutator mutator(seed, files);
  size_t tried = 0;
  size_t loaded = 0;
  auto end = std::chrono::steady_clock::now() +
             std::chrono::seconds(time != nullptr ? std::atoi(time) : 3);
  while (std::chrono::steady_clock::now() < end && !HasFailure()) {
    std::string bytes = mutator.next();
    SCOPED_TRACE(tried);
    loaded += try_model(bytes);
    ++tried;
  }
  std::printf("%zu files tried, %zu of them loaded\n", tried, loaded);
  EXPECT_GT(tried, loaded);
  EXPECT_GT(loaded, 0u);
}

}  // namespace
}  // namespace convoy
