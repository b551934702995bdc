// Kernels on their own, through the table of their library: the emulated one, or the one that
// CONVOY_CUDA_LIBRARY names ("convoy_cuda" on a machine with a GPU).
#pragma once

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <random>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "runtime/base/error.h"
#include "runtime/device/cuda/load_table.h"

namespace convoy::testing {

#ifdef __SANITIZE_THREAD__
inline constexpr int kRounds = 4;  // each thread of a block is a fiber that the sanitizer follows
#else
inline constexpr int kRounds = 40;
#endif

// The library under test, with one stream; nullptr where there is none.
class Library {
 public:
  static Library* get() {
    static std::unique_ptr<Library> library = open();
    return library.get();
  }
  ~Library() { table_.destroy_stream(0, stream_); }

  const ConvoyCudaTable& table() const { return table_; }
  void* stream() const { return stream_; }
  void check(int status) const { ASSERT_EQ(status, CONVOY_CUDA_DONE) << table_.last_error(); }

  template <typename Problem>
  void run(const char* name, const Problem& problem) {
    ConvoyCudaLaunch* launch = table_.find(name, sizeof problem);
    ASSERT_NE(launch, nullptr) << name;
    check(table_.launch(0, launch, &problem, stream_));
    check(table_.synchronize(0, stream_));
  }

 private:
  explicit Library(const ConvoyCudaTable& table) : table_(table) {
    check(table_.make_stream(0, &stream_));
  }

  static std::unique_ptr<Library> open() {
    const char* named = std::getenv("CONVOY_CUDA_LIBRARY");
    try {
      const auto& table = load_cuda_table(named != nullptr ? named : "convoy_cuda_emulated");
      return std::unique_ptr<Library>(new Library(table));
    } catch (const Error& error) {
      std::printf("%s\n", error.what());
      return nullptr;
    }
  }

  const ConvoyCudaTable& table_;
  void* stream_ = nullptr;
};

// Floats on the device and on the host.
class Floats {
 public:
  explicit Floats(std::vector<float> values) : values(std::move(values)) {
    Library& library = *Library::get();
    library.check(library.table().allocate(0, bytes(), &data_));
    library.check(
        library.table().copy_from_host(0, data_, this->values.data(), bytes(), library.stream()));
    library.check(library.table().synchronize(0, library.stream()));
  }
  ~Floats() { Library::get()->table().release(0, data_, bytes()); }
  Floats(const Floats&) = delete;
  Floats& operator=(const Floats&) = delete;

  float* device() const { return static_cast<float*>(data_); }
  void fetch() {
    Library& library = *Library::get();
    library.check(library.table().copy_to_host(0, values.data(), data_, bytes(), library.stream()));
    library.check(library.table().synchronize(0, library.stream()));
  }

  std::vector<float> values;

 private:
  size_t bytes() const { return std::max<size_t>(1, values.size() * sizeof(float)); }
  void* data_ = nullptr;
};

class KernelTest : public ::testing::Test {
 protected:
  void SetUp() override {
    if (Library::get() == nullptr) GTEST_SKIP() << "there is no library of CUDA kernels";
    const char* seed = std::getenv("CONVOY_FUZZ_SEED");
    random_.seed(seed != nullptr ? std::strtoull(seed, nullptr, 10) : 1);
  }

  int64_t draw(int64_t low, int64_t high) {
    return std::uniform_int_distribution<int64_t>(low, high)(random_);
  }
  std::vector<float> numbers(int64_t count) {
    std::vector<float> list(static_cast<size_t>(count));
    for (float& x : list) x = std::uniform_real_distribution<float>(-1, 1)(random_);
    return list;
  }
  static void expect_near(float actual, double expected, double magnitude) {
    ASSERT_NEAR(actual, expected, 2e-6 * (1 + magnitude));
  }

  std::mt19937_64 random_;
};

// Strides for axes of these sizes, in an order of their own, with gaps; returns the elements
// spanned.
inline int64_t lay_out(std::vector<std::pair<int64_t, int64_t*>> axes, std::mt19937_64& random) {
  std::shuffle(axes.begin(), axes.end(), random);
  int64_t step = 1;
  for (auto& [size, stride] : axes) {
    *stride = step;
    step *= size + static_cast<int64_t>(random() % 2);
  }
  return step;
}

}  // namespace convoy::testing
