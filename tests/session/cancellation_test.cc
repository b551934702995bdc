#include "runtime/session/cancellation.h"

#include <gtest/gtest.h>

#include <thread>

#include "runtime/session/session.h"
#include "tests/ops/text_model.h"

namespace convoy {
namespace {

const char* const kLoop = R"(<ir_version: 8, opset_import: ["" : 17]>
endless (int64 m, float[N] x) => (float[N] y) {
  yes = Constant <value = bool {1}> ()
  y = Loop (m, yes, x) <
    body = step (int64 i, bool go, float[N] v) => (bool again, float[N] next) {
      again = Identity(go)
      next = Add(v, x)
    }>
})";

Feeds endless() {
  return {{"m", Tensor::scalar<int64_t>(1'000'000'000'000)},
          {"x", Tensor::zeros(DType::kFloat32, {1})}};
}

TEST(Cancellation, StopsARunBeforeItsFirstStep) {
  auto session = testing::session_of_text(kLoop);
  std::atomic<bool> stop = true;
  CancellationScope scope(&stop);
  EXPECT_THROW(session->run(endless()), Cancelled);
}

TEST(Cancellation, StopsALoopFromAnotherThread) {
  auto session = testing::session_of_text(kLoop);
  std::atomic<bool> stop = false;
  std::thread other([&] {
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
    stop = true;
  });
  {
    CancellationScope scope(&stop);
    EXPECT_THROW(session->run(endless()), Cancelled);
  }
  other.join();
}

TEST(Cancellation, ScopesNestAndEnd) {
  std::atomic<bool> stop = true;
  {
    CancellationScope scope(&stop);
    CancellationScope same(nullptr);
    EXPECT_THROW(check_cancellation(), Cancelled);
    std::atomic<bool> other = false;
    CancellationScope inner(&other);
    EXPECT_NO_THROW(check_cancellation());
  }
  EXPECT_NO_THROW(check_cancellation());
}

}  // namespace
}  // namespace convoy
