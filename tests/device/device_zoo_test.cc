// The zoo on devices other than the CPU.
#include <chrono>
#include <cstdlib>
#include <filesystem>

#include <gtest/gtest.h>

#include "loaders/onnx/reader.h"
#include "loaders/tensor_files/tensor_pb.h"
#include "runtime/device/mirror.h"
#include "tests/device/device_check.h"
#include "tests/fuzz/fuzz_seed.h"
#include "tests/loaders/zoo.h"

namespace convoy {
namespace {

Feeds golden_feeds(const Session& session, const std::filesystem::path& set) {
  Feeds feeds;
  for (size_t i = 0; i < session.inputs().size(); ++i) {
    const ValueDescription& input = session.inputs()[i];
    auto path = set / fmt::format("input_{}.pb", i);
    feeds.emplace_back(input.name, read_tensor_pb(path.string(), &input.type));
  }
  return feeds;
}

// One model of `share`, by the seed; all of them with CONVOY_TEST_FULL.
void compute_zoo(Device& device, uint64_t share) {
  if (zoo_models().empty()) GTEST_SKIP() << "the zoo is not here";
  const uint64_t seed = testing::fuzz_seed();
  if (std::getenv("CONVOY_TEST_FULL") != nullptr) share = 1;
  uint64_t number = seed;
  for (const std::string& path : zoo_models()) {
    if (number++ % share != 0) continue;
    auto set = std::filesystem::path(path).parent_path() / "test_data_set_0";
    Feeds feeds = golden_feeds(Session(read_model(path)), set);
    for (bool optimize : {true, false}) {
      SessionOptions options;
      options.optimize = optimize;
      auto read = [&] { return read_model(path); };
      EXPECT_EQ(testing::difference_on_device(device, read, feeds, seed, options), "")
          << path << (optimize ? ", optimized" : "");
    }
  }
}

TEST(Mirror, ComputesTheZooAsTheCpuDoes) { compute_zoo(mirror_device(), 4); }

TEST(CudaZoo, ComputesTheZooAsTheCpuDoes) {
  if (testing::emulated_gpu() == nullptr) GTEST_SKIP() << "the emulated GPU was not built";
#ifdef __SANITIZE_THREAD__
  constexpr uint64_t kShare = 64;  // each thread of a block is a fiber that the sanitizer follows
#else
  constexpr uint64_t kShare = 8;
#endif
  compute_zoo(*testing::emulated_gpu(), kShare);
}

// Whether all that the model computes in floats, it computes on the device.
bool runs_whole(const std::string& path, Device& device) {
  auto set = std::filesystem::path(path).parent_path() / "test_data_set_0";
  SessionOptions options;
  options.device = device.id();
  Session session(read_model(path), options);
  bool whole = true;
  const StepObserver observe = [&](const Plan& plan, size_t number, std::chrono::nanoseconds) {
    const Step& step = plan.steps[number];
    if (step.kind == Step::Kind::kCopy || step.device == device.id()) return;
    for (const Place& output : step.outputs) {
      whole = whole && !is_floating(output.desc.dtype) && step.kind != Step::Kind::kDynamic;
    }
  };
  session.run(golden_feeds(session, set), {}, &observe);
  return whole;
}

TEST(CudaZoo, MostModelsRunThereWhole) {
  if (testing::emulated_gpu() == nullptr) GTEST_SKIP() << "the emulated GPU was not built";
  if (zoo_models().size() < 200) GTEST_SKIP() << "the zoo is not here";
  if (std::getenv("CONVOY_TEST_FULL") == nullptr) GTEST_SKIP() << "for --full";
  int whole = 0;
  for (const std::string& path : zoo_models()) whole += runs_whole(path, *testing::emulated_gpu());
  std::printf("%d of %zu models run on the GPU whole\n", whole, zoo_models().size());
  EXPECT_GE(whole, 175);
}

}  // namespace
}  // namespace convoy
