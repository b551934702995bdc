#include "runtime/device/mirror.h"

#include <cstring>
#include <filesystem>

#include <gtest/gtest.h>

#include "loaders/onnx/reader.h"
#include "loaders/tensor_files/tensor_pb.h"
#include "runtime/base/parallel_for.h"
#include "runtime/session/binding.h"
#include "tests/device/mirror_check.h"
#include "tests/fuzz/fuzz_seed.h"
#include "tests/loaders/zoo.h"
#include "tests/plan/row_model.h"

namespace convoy {
namespace {

using testing::make_row_model;
using testing::ramp;
using testing::RowModel;

TEST(Mirror, ItsMemoryIsClosedToTheHost) {
  Tensor tensor = ramp({4}, 1).on(mirror_device());
  EXPECT_DEATH(std::printf("%d", *static_cast<volatile char*>(tensor.raw())), "");
  EXPECT_DEATH(*static_cast<volatile char*>(tensor.raw()) = 1, "");
  EXPECT_THROW(tensor.data<float>(), Error);
  EXPECT_TRUE(identical(tensor.on(cpu_device()), ramp({4}, 1)));
}

TEST(Mirror, WorkWaitsForTheQueue) {
  auto queue = mirror_device().make_queue(calling_thread());
  Tensor from = ramp({8}, 1);
  Tensor there = Tensor::allocate(DType::kFloat32, {8}, mirror_device());
  Tensor back = Tensor::zeros(DType::kFloat32, {8});
  mirror_device().copy_from_host(there.raw(), from.raw(), 32, *queue);
  bool done = false;
  queue->submit([&] { done = std::memcmp(there.raw(), from.raw(), 32) == 0; });
  mirror_device().copy_to_host(back.raw(), there.raw(), 32, *queue);
  EXPECT_FALSE(done);
  EXPECT_FALSE(identical(back, from));
  queue->synchronize();
  EXPECT_TRUE(done);
  EXPECT_TRUE(identical(back, from));
}

TEST(Mirror, ErrorsOfKernelsComeWithTheNode) {
  auto queue = mirror_device().make_queue(calling_thread());
  queue->submit([] { fail(ErrorCode::kInvalidInput, "no"); });
  EXPECT_THROW(queue->synchronize(), Error);
}

SessionOptions on_mirror() {
  SessionOptions options;
  options.device = mirror_device().id();
  return options;
}

TEST(Mirror, ValuesGoOverOnce) {
  RowModel size;
  Session session(make_row_model(size), on_mirror());
  Tensor x = ramp({size.batch, size.channels, size.rows, size.width}, 0.02f);
  session.run({{"x", x}});  // packs and sends the weights
  auto before = mirror_device().copies();
  session.run({{"x", x}});
  auto after = mirror_device().copies();
  EXPECT_EQ(after.from_host - before.from_host, 1);
  EXPECT_EQ(after.to_host - before.to_host, 1);
}

TEST(Mirror, InputsAndOutputsMayLieThere) {
  RowModel size;
  Tensor x = ramp({size.batch, size.channels, size.rows, size.width}, 0.02f);
  Value expected = Session(make_row_model(size)).run({{"x", x}})[0];
  Session session(make_row_model(size), on_mirror());
  Tensor y = Tensor::allocate(DType::kFloat32, expected.tensor().shape(), mirror_device());
  Binding binding(session);
  binding.bind_input("x", x.on(mirror_device()));
  binding.bind_output(session.outputs()[0].name, y.view());
  binding.run();  // packs and sends the weights
  auto before = mirror_device().copies();
  binding.run();
  auto after = mirror_device().copies();
  EXPECT_EQ(after.from_host - before.from_host, 0);
  EXPECT_EQ(after.to_host - before.to_host, 0);
  EXPECT_TRUE(identical(y.on(cpu_device()), expected.tensor()));
}

TEST(Mirror, ExplainSaysWhatRunsWhereAndWhy) {
  RowModel size;
  Session session(make_row_model(size), on_mirror());
  Tensor x = ramp({size.batch, size.channels, size.rows, size.width}, 0.02f);
  std::string text = session.explain({{"x", x}});
  EXPECT_NE(text.find("upload"), std::string::npos) << text;
  EXPECT_NE(text.find("on mirror -> float32"), std::string::npos) << text;
  uint64_t seed = 1;
  while (mirror_device().has_kernel("StackedConv", "direct")) {
    mirror_device().leave_out_kernels(++seed);
  }
  text = Session(make_row_model(size), on_mirror()).explain({{"x", x}});
  mirror_device().leave_out_kernels(0);
  EXPECT_NE(text.find("there is no mirror kernel for StackedConv"), std::string::npos) << text;
}

Feeds golden_feeds(const Session& session, const std::filesystem::path& set) {
  Feeds feeds;
  for (size_t i = 0; i < session.inputs().size(); ++i) {
    const ValueDescription& input = session.inputs()[i];
    auto path = set / fmt::format("input_{}.pb", i);
    feeds.emplace_back(input.name, read_tensor_pb(path.string(), &input.type));
  }
  return feeds;
}

// A share of the zoo, by the seed; all of it with CONVOY_TEST_FULL.
TEST(Mirror, ComputesTheZooAsTheCpuDoes) {
  if (zoo_models().empty()) GTEST_SKIP() << "the zoo is not here";
  const uint64_t seed = testing::fuzz_seed();
  const uint64_t share = std::getenv("CONVOY_TEST_FULL") ? 1 : 4;
  uint64_t number = seed;
  for (const std::string& path : zoo_models()) {
    if (number++ % share != 0) continue;
    auto set = std::filesystem::path(path).parent_path() / "test_data_set_0";
    Feeds feeds = golden_feeds(Session(read_model(path)), set);
    for (bool optimize : {true, false}) {
      SessionOptions options;
      options.optimize = optimize;
      EXPECT_EQ(
          testing::difference_on_mirror([&] { return read_model(path); }, feeds, seed, options), "")
          << path << (optimize ? ", optimized" : "");
    }
  }
}

}  // namespace
}  // namespace convoy
