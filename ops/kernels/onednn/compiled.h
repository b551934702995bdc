// The one implementation of Primitive, and the cache of them. Only for this folder: includes
// dnnl.hpp.
#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <variant>
#include <vector>

#include <oneapi/dnnl/dnnl.hpp>

#include "ops/kernels/onednn/primitive.h"
#include "runtime/base/float_mode.h"

namespace convoy::onednn {

dnnl::engine& engine();

// Sets the number of threads of OpenMP regions that the calling thread opens, and restores it.
class ThreadScope {
 public:
  explicit ThreadScope(int threads);
  ~ThreadScope();
  ThreadScope(const ThreadScope&) = delete;
  ThreadScope& operator=(const ThreadScope&) = delete;

 private:
  void enter_mode() const;
  void leave_mode() const;

  int threads_ = 1, before_ = 0;
  bool flushes_ = false;  // the threads that help have another FloatMode than the caller
};

// What a primitive is made of.
struct Blueprint {
  dnnl::primitive primitive;
  dnnl::memory::desc source, weights, bias, destination, scratch;
  dnnl::memory::desc plain_weights;
  std::string implementation;
  int threads = 1;
};

class Compiled : public Primitive {
 public:
  explicit Compiled(Blueprint blueprint);
  ~Compiled() override;
  size_t scratch_bytes() const override { return blueprint_.scratch.get_size(); }
  const std::string& weights_format() const override { return weights_format_; }
  size_t packed_weights_bytes() const override { return blueprint_.weights.get_size(); }
  void pack_weights(const float* plain, float* packed) const override;
  void run(const Operands& operands) const override;
  const std::string& implementation() const override { return blueprint_.implementation; }

 private:
  // oneDNN's memory objects hold addresses, so each concurrent run needs its own.
  struct Arguments;
  std::unique_ptr<Arguments> lease() const;

  Blueprint blueprint_;
  std::string weights_format_;
  mutable std::mutex mutex_;
  mutable std::vector<std::unique_ptr<Arguments>> idle_;
};

// The attributes that express y = epilogue(scale * x + y) and a user scratchpad.
dnnl::primitive_attr attributes_for(bool add_to_output, const Epilogue& epilogue, float scale = 1);

using Problem = std::variant<ConvProblem, MatMulProblem>;

// The primitive for an equal problem, made by `make` if it is not in the cache. make may return
// nullptr, which is remembered too.
std::shared_ptr<const Primitive> cached(
    const Problem& problem, const std::function<std::shared_ptr<const Primitive>()>& make);

}  // namespace convoy::onednn
