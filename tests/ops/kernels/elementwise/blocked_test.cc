// Elementwise kernels on channel-blocked operands give what they give on plain ones.
#include <cstring>
#include <stdexcept>

#include <gtest/gtest.h>

#include "ops/elementwise/program_kernel.h"
#include "runtime/device/convert_view.h"
#include "tests/ops/op_case.h"

namespace convoy::elementwise {
namespace {

class Context : public KernelContext {
 public:
  Context(std::vector<TensorView> inputs, std::vector<TensorView> outputs, ThreadPool& threads)
      : input_views_(std::move(inputs)), output_views_(std::move(outputs)) {
    inputs_ = input_views_;
    outputs_ = output_views_;
    threads_ = &threads;
  }
  TensorView allocate_output(int, DType, const Shape&) override { return {}; }
  Value input_value(int) const override { return {}; }
  void set_output(int, Value) override {}
  bool wants_output(int) const override { return true; }
  BodyRunner& body(std::string_view) override { throw std::logic_error("no bodies"); }

 private:
  std::vector<TensorView> input_views_;
  std::vector<TensorView> output_views_;
};

Tensor blocked_copy(const Tensor& plain, int block, ThreadPool& threads) {
  TensorDesc desc = TensorDesc::blocked(plain.dtype(), plain.shape(), block);
  Tensor copy = Tensor::over(Buffer::allocate(static_cast<size_t>(desc.bytes())), 0, desc);
  convert_view(plain.view(), copy.view(), threads);
  return copy;
}

// Runs `formula` on the operands with those named by `blocked` in the blocked layout.
void expect_same_as_plain(Formula formula, const std::vector<Tensor>& plain, int block,
                          const std::vector<bool>& blocked) {
  auto threads = make_thread_pool(2);
  Graph graph;
  Node node;
  node.inputs.resize(plain.size());
  node.outputs.resize(1, static_cast<ValueId>(0));
  Shape shape;
  for (const Tensor& operand : plain) shape = broadcast_shapes(shape, operand.shape());

  auto run = [&](bool with_blocks) {
    KernelRequest request(graph, node);
    request.isa = best_isa();
    std::vector<Tensor> operands = plain;
    for (size_t i = 0; i < plain.size(); ++i) {
      if (with_blocks && blocked[i]) operands[i] = blocked_copy(plain[i], block, *threads);
      request.inputs.push_back(operands[i].desc());
    }
    request.outputs = {TensorDesc::contiguous(DType::kFloat32, shape)};
    std::unique_ptr<Kernel> kernel = make_float_kernel(request, single_step(formula));
    int offered = request.output_need(0).layout.block;
    EXPECT_EQ(offered, with_blocks ? block : 0);
    std::vector<TensorView> views;
    for (size_t i = 0; i < plain.size(); ++i) {
      Layout wanted = request.input_need(i).layout;
      if (!(operands[i].desc().layout == wanted)) {
        operands[i] = blocked_copy(plain[i], wanted.block, *threads);
      }
      views.push_back(operands[i].view());
    }
    TensorDesc desc =
        offered > 0 ? TensorDesc::blocked(DType::kFloat32, shape, offered) : request.outputs[0];
    Tensor out = Tensor::over(Buffer::allocate(static_cast<size_t>(desc.bytes())), 0, desc);
    Context context(views, {out.view()}, *threads);
    kernel->run(context);
    return out;
  };

  Tensor expected = run(false);
  Tensor actual = run(true);
  // The padding must be zero, as it is in a fresh blocked copy.
  Tensor copied = blocked_copy(expected, block, *threads);
  auto bytes = static_cast<size_t>(copied.desc().bytes());
  EXPECT_EQ(std::memcmp(actual.raw(), copied.raw(), bytes), 0)
      << to_string(formula) << " on " << to_string(shape);
}

TEST(BlockedElementwise, UnaryKeepsTheLayoutAndZeroPadding) {
  for (int block : {8, 16}) {
    for (int64_t channels : {16, 19, 3}) {
      Tensor x = pattern({2, channels, 5, 7});
      expect_same_as_plain(Formula::kExp, {x}, block, {true});
      expect_same_as_plain(Formula::kRelu, {x}, block, {true});
    }
  }
}

TEST(BlockedElementwise, BinaryTakesBlockedAndPlainOperands) {
  for (int64_t channels : {16, 19}) {
    Shape shape = {2, channels, 6, 5};
    Tensor x = pattern(shape);
    Tensor y = pattern(shape, 1, 2, 5);
    expect_same_as_plain(Formula::kDivide, {x, y}, 8, {true, true});
    expect_same_as_plain(Formula::kDivide, {x, y}, 8, {false, true});
    expect_same_as_plain(Formula::kSubtract, {pattern({1}), x}, 8, {false, true});
    expect_same_as_plain(Formula::kAdd, {x, pattern({2, 1, 6, 5})}, 8, {true, false});
    expect_same_as_plain(Formula::kMultiply, {x, pattern({2, channels, 1, 1})}, 8, {true, true});
  }
}

TEST(BlockedElementwise, ChannelsBroadcastWhereTheBlockDividesThem) {
  Tensor x = pattern({2, 32, 3, 4});
  expect_same_as_plain(Formula::kAdd, {x, pattern({32, 1, 1})}, 16, {true, false});
  expect_same_as_plain(Formula::kMultiply, {pattern({2, 32, 1, 1}), x}, 8, {false, true});
  expect_same_as_plain(Formula::kPRelu, {x, with_gaps(pattern({1, 32, 1, 1}))}, 8, {true, false});
}

}  // namespace
}  // namespace convoy::elementwise
