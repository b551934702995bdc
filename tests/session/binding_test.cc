#include "runtime/session/binding.h"

#include <gtest/gtest.h>
#include <source_dir.h>

#include <filesystem>

#include "loaders/onnx/reader.h"
#include "loaders/tensor_files/tensor_pb.h"
#include "tests/plan/row_model.h"
#include "tests/session/allocations/allocation_count.h"

namespace convoy {
namespace {

namespace fs = std::filesystem;
using testing::AllocationCount;
using testing::make_row_model;
using testing::ramp;
using testing::RowModel;

TEST(Binding, ReadsAndWritesTheCallersMemory) {
  RowModel size;
  Session session(make_row_model(size));
  Tensor x = ramp({size.batch, size.channels, size.rows, size.width}, 0.02f);
  Tensor expected = session.run({{"x", x}})[0].tensor();
  Tensor y = Tensor::zeros(DType::kFloat32, expected.shape());
  Binding binding(session);
  binding.bind_input("x", x);
  binding.bind_output("y", y.view());
  binding.run();
  EXPECT_EQ(binding.outputs()[0].tensor().raw(), y.raw());
  for (int64_t i = 0; i < y.count(); ++i) {
    ASSERT_EQ(y.data<float>()[i], expected.data<float>()[i]) << i;
  }
  x.mutable_data<float>()[0] += 1;
  binding.run();
  EXPECT_NE(y.data<float>()[0], expected.data<float>()[0]);
}

TEST(Binding, AllocatesOutputsThatAreNotBound) {
  RowModel size;
  Session session(make_row_model(size));
  Tensor x = ramp({size.batch, size.channels, size.rows, size.width}, 0.02f);
  Tensor expected = session.run({{"x", x}})[0].tensor();
  Binding binding(session);
  binding.bind_input("x", x);
  binding.run();
  const Tensor& y = binding.outputs()[0].tensor();
  ASSERT_EQ(y.shape(), expected.shape());
  EXPECT_EQ(y.data<float>()[5], expected.data<float>()[5]);
}

TEST(Binding, ForgetsWhatIsCleared) {
  RowModel size;
  Session session(make_row_model(size));
  Tensor x = ramp({size.batch, size.channels, size.rows, size.width}, 0.02f);
  Tensor y = Tensor::zeros(DType::kFloat32, session.run({{"x", x}})[0].tensor().shape());
  Binding binding(session);
  binding.bind_input("x", x);
  binding.bind_output("y", y.view());
  binding.clear_output("y");
  binding.run();
  EXPECT_NE(binding.outputs()[0].tensor().raw(), y.raw());
  EXPECT_EQ(y.data<float>()[0], 0);
  binding.clear_outputs();
  EXPECT_FALSE(binding.outputs()[0].defined());
  binding.clear_inputs();
  EXPECT_THROW(binding.run(), Error);
}

std::string message_of(const std::function<void()>& action) {
  try {
    action();
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::kInvalidInput);
    return error.what();
  }
  return "nothing was thrown";
}

TEST(Binding, RefusesWhatDoesNotFit) {
  RowModel size;
  Session session(make_row_model(size));
  Tensor x = ramp({size.batch, size.channels, size.rows, size.width}, 0.02f);
  Tensor small = Tensor::zeros(DType::kFloat32, {1});
  Binding binding(session);
  auto expect = [&](const std::string& part, const std::function<void()>& action) {
    std::string message = message_of(action);
    EXPECT_NE(message.find(part), std::string::npos) << message;
  };
  expect("input 'x' (float32[2,3,4,9]) is missing", [&] { binding.run(); });
  expect("no input 'z'", [&] { binding.bind_input("z", x); });
  expect("no output 'z'", [&] { binding.bind_output("z", x.view()); });
  binding.bind_input("x", x);
  binding.bind_output("y", small.view());
  expect("float32[1] is bound to it", [&] { binding.run(); });
}

class SteadyRuns : public ::testing::TestWithParam<const char*> {};

// A model of the zoo with its first data set.
fs::path zoo_model() { return fs::path(CONVOY_SOURCE_DIR) / "../shared/zoo/public"; }

TEST_P(SteadyRuns, AllocateNothing) {
  if (!testing::can_count_allocations()) GTEST_SKIP() << "a sanitizer allocates";
  fs::path folder = zoo_model() / GetParam();
  if (!fs::exists(folder)) GTEST_SKIP() << folder << " is absent";
  Session session(read_model(folder / "model.onnx"));
  Binding binding(session);
  for (size_t i = 0; i < session.inputs().size(); ++i) {
    fs::path file = folder / "test_data_set_0" / ("input_" + std::to_string(i) + ".pb");
    binding.bind_input(session.inputs()[i].name, read_tensor_pb(file));
  }
  binding.run();
  std::vector<Tensor> memory;
  for (const Value& output : binding.outputs()) memory.push_back(output.tensor().clone());
  for (size_t k = 0; k < memory.size(); ++k) {
    binding.bind_output(session.outputs()[k].name, memory[k].view());
  }
  binding.run();
  AllocationCount count;
  for (int i = 0; i < 3; ++i) binding.run();
  EXPECT_EQ(count.so_far(), 0u);
}

INSTANTIATE_TEST_SUITE_P(
    Networks, SteadyRuns,
    ::testing::Values("rowconv_loop_ts", "rowconv_chain_ts", "tcn_ts", "wavenet_ts", "hifigan_ts",
                      "ecg_resnet1d_ts", "sincnet_ts", "pixelshuffle1d_ts", "mobilenet_v3_small_ts",
                      "squeezenet1_1_ts", "mnasnet0_5_ts", "shufflenet_v2_x0_5_ts",
                      "resnet_narrow_ts", "unet2d_ts", "cnn3d_ts", "lstm_ts", "gru_ts",
                      "vit_tiny_ts", "whisper_encoder_ts", "conv1d_fp16_dyn", "rowconv_fp16_ts",
                      "mlp_bf16_ts", "norms_ts", "activations_ts", "convt2d_opts_ts",
                      "grid_sample_ts", "roi_align_ts", "stft_op_real_ts", "fft_rfft_dyn",
                      "fft_irfft_dyn", "cumsum_scatter_ts", "moe_topk_gather_ts",
                      "quant_conv1d_qdq_perchan_q", "quant_conv2d_qdq_q", "quant_matmul_qdq_q",
                      "quant_conv1d_dynamic_q", "quant_mlp_dynamic_q"),
    [](const auto& tested) { return std::string(tested.param); });

}  // namespace
}  // namespace convoy
