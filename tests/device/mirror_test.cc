#include "runtime/device/mirror.h"

#include <cstring>

#include <gtest/gtest.h>

#include "runtime/base/parallel_for.h"
#include "runtime/session/binding.h"
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

}  // namespace
}  // namespace convoy
