// The emulated GPU as a device: what runs where, errors, and that nobody else touches its memory.
#include "runtime/device/cuda/cuda_device.h"

#include <cstdio>
#include <cstdlib>
#include <functional>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "runtime/base/parallel_for.h"
#include "runtime/device/cuda/load_table.h"
#include "runtime/session/binding.h"
#include "tests/device/device_check.h"
#include "tests/fuzz/compare_outputs.h"
#include "tests/plan/row_model.h"

namespace convoy {
namespace {

using ::testing::HasSubstr;
using testing::make_row_model;
using ::testing::Not;
using testing::ramp;
using testing::RowModel;

class Cuda : public ::testing::Test {
 protected:
  void SetUp() override {
    if (testing::emulated_gpu() == nullptr) GTEST_SKIP() << "the emulated GPU was not built";
  }
  static Device& gpu() { return *testing::emulated_gpu(); }
  static SessionOptions on_gpu() {
    SessionOptions options;
    options.device = gpu().id();
    return options;
  }
};

using CudaDeathTest = Cuda;

TEST_F(CudaDeathTest, ItsMemoryIsClosedToTheHost) {
  Tensor there = ramp({4}, 1).on(gpu());
  EXPECT_DEATH(std::printf("%d", *static_cast<volatile char*>(there.raw())), "");
  EXPECT_TRUE(identical(there.on(cpu_device()), ramp({4}, 1)));
}

TEST_F(Cuda, RowsRunThereAsOneConvolution) {
  RowModel size;
  Session session(make_row_model(size), on_gpu());
  Tensor x = ramp({size.batch, size.channels, size.rows, size.width}, 0.02F);
  const std::string text = session.explain({{"x", x}});
  EXPECT_THAT(text, HasSubstr("StackedConv"));
  EXPECT_THAT(text, HasSubstr("on cuda-emulated"));
  EXPECT_THAT(text, Not(HasSubstr("direct")));
  EXPECT_EQ(testing::difference_on_device(
                gpu(), [&] { return make_row_model(size); }, {{"x", x}}, 1),
            "");
}

TEST_F(Cuda, InputsAndOutputsMayLieThere) {
  RowModel size;
  Tensor x = ramp({size.batch, size.channels, size.rows, size.width}, 0.02F);
  Session session(make_row_model(size), on_gpu());
  Tensor expected = session.run({{"x", x}})[0].tensor();
  Tensor y = Tensor::allocate(DType::kFloat32, expected.shape(), gpu());
  Binding binding(session);
  binding.bind_input("x", x.on(gpu()));
  binding.bind_output(session.outputs()[0].name, y.view());
  binding.run();
  EXPECT_TRUE(identical(y.on(cpu_device()), expected));
}

TEST_F(Cuda, CopiesElementsOfAnySizeAndStrides) {
  auto queue = gpu().make_queue(calling_thread());
  for (DType dtype :
       {DType::kUInt8, DType::kFloat16, DType::kFloat32, DType::kInt64, DType::kComplex128}) {
    Tensor from = Tensor::zeros(dtype, {3, 4, 5});
    auto* bytes = static_cast<unsigned char*>(from.raw());
    for (size_t i = 0; i < 60 * size_of(dtype); ++i) bytes[i] = static_cast<unsigned char>(i * 7);
    Tensor there = from.on(gpu());
    TensorView turned = there.view();
    turned.shape = {5, 3, 4};
    turned.strides = {1, 20, 5};
    Tensor dense = Tensor::allocate(dtype, {5, 3, 4}, gpu());
    gpu().convert(turned, dense.view(), *queue);
    queue->synchronize();
    Tensor expected = Tensor::zeros(dtype, {5, 3, 4});
    TensorView here = from.view();
    here.shape = turned.shape;
    here.strides = turned.strides;
    copy_elements(here, expected.view());
    EXPECT_TRUE(identical(dense.on(cpu_device()), expected)) << to_string(dtype);
  }
}

// What the emulated GPU does wrong while this lives.
class Failing {
 public:
  explicit Failing(const char* what) { setenv("CONVOY_CUDA_EMULATION_FAILS", what, 1); }
  ~Failing() { unsetenv("CONVOY_CUDA_EMULATION_FAILS"); }
};

Error error_of(const std::function<void()>& run) {
  try {
    run();
  } catch (const Error& error) {
    return error;
  }
  return {ErrorCode::kInternal, "no error"};
}

struct Rows {
  RowModel size;
  Tensor x = ramp({size.batch, size.channels, size.rows, size.width}, 0.02F);
  Value expected = Session(make_row_model(size)).run({{"x", x}})[0];

  bool run(Session& session) const {
    return testing::difference(session.run({{"x", x}}), {expected}, testing::kFloatTolerance)
        .empty();
  }
};

TEST_F(Cuda, ALaunchThatFailsNamesItsNodeAndTheSessionGoesOn) {
  Rows rows;
  Session session(make_row_model(rows.size), on_gpu());
  {
    Failing failing("launch:1");
    Error error = error_of([&] { session.run({{"x", rows.x}}); });
    EXPECT_EQ(error.code(), ErrorCode::kDeviceFailure);
    EXPECT_THAT(error.what(), HasSubstr("StackedConv"));
    EXPECT_THAT(error.what(), HasSubstr("a launch failed, as asked"));
  }
  EXPECT_TRUE(rows.run(session));
}

TEST_F(Cuda, AKernelThatFailsIsNamedWhereEachLaunchIsWaitedFor) {
  Rows rows;
  for (bool waits : {false, true}) {
    if (waits) setenv("CONVOY_CUDA_SYNC", "1", 1);
    Session session(make_row_model(rows.size), on_gpu());
    session.explain({{"x", rows.x}});  // plans, and sends the weights
    {
      Failing failing("synchronize:1");
      Error error = error_of([&] { session.run({{"x", rows.x}}); });
      EXPECT_EQ(error.code(), ErrorCode::kDeviceFailure);
      EXPECT_EQ(std::string(error.what()).find("StackedConv") != std::string::npos, waits);
    }
    EXPECT_TRUE(rows.run(session));
    unsetenv("CONVOY_CUDA_SYNC");
  }
}

TEST_F(Cuda, MemoryThatRunsOutIsTriedForOnceMore) {
  Rows rows;
  for (const char* failure : {"allocate:1-", "allocate:1"}) {
    Session session(make_row_model(rows.size), on_gpu());
    {
      Failing failing(failure);
      const bool for_good = std::string_view(failure).ends_with('-');
      Error error = error_of([&] { EXPECT_TRUE(rows.run(session)); });
      EXPECT_EQ(error.code(), for_good ? ErrorCode::kOutOfMemory : ErrorCode::kInternal);
    }
    EXPECT_TRUE(rows.run(session));
  }
}

TEST_F(Cuda, SaysWhichDevicesThereAre) {
  EXPECT_THAT(gpu().description(), HasSubstr("emulated"));
  try {
    find_device(parse_device("cuda-emulated:3"));
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::kUnsupported);
    EXPECT_THAT(error.what(), HasSubstr("cuda-emulated:3"));
  }
}

TEST(CudaLibrary, IsNamedWhereItIsMissing) {
  try {
    load_cuda_table("convoy_no_such_library");
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::kUnsupported);
    EXPECT_THAT(error.what(), HasSubstr("libconvoy_no_such_library.so"));
    EXPECT_THAT(error.what(), Not(HasSubstr("\n")));
  }
}

}  // namespace
}  // namespace convoy
