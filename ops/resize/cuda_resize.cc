#include "ops/resize/cuda_resize.h"

#include <cstring>

#include "ops/cuda_kernel.h"
#include "ops/kernels/cuda/resize.h"
#include "runtime/op/weight_cache.h"

namespace convoy {
namespace {

// The list in the device's memory; the buffer is kept in `kept`. nullptr for an empty one.
template <typename T>
const T* on_device(const std::vector<T>& list, Device& device,
                   std::vector<std::shared_ptr<const Buffer>>& kept) {
  if (list.empty()) return nullptr;
  const size_t bytes = list.size() * sizeof(T);
  kept.push_back(packed_on(device, bytes, [&](void* to) { std::memcpy(to, list.data(), bytes); }));
  return reinterpret_cast<const T*>(kept.back()->data());
}

}  // namespace

std::unique_ptr<Kernel> make_cuda_resize(KernelRequest& request, const std::vector<AxisMap>& maps,
                                         bool nearest, double extrapolation) {
  if (request.input(0).dtype != DType::kFloat32) return request.refuse("only for float32");
  if (maps.size() > cuda::Resize::kMaxAxes) return request.refuse("too many axes");
  // One thread adds up all of an output.
  constexpr int64_t kMostTaps = 4096;
  int64_t taps = 1;
  for (const AxisMap& map : maps) taps = checked_multiply(taps, map.taps);
  if (taps > kMostTaps) return request.refuse("too many taps for each output");
  Device& device = find_device(request.device);
  std::vector<std::shared_ptr<const Buffer>> kept;
  cuda::Resize planned;
  planned.count = request.output(0).count();
  planned.rank = static_cast<int>(maps.size());
  planned.extrapolation = static_cast<float>(extrapolation);
  for (size_t i = 0; i < maps.size(); ++i) {
    const AxisMap& map = maps[i];
    cuda::Resize::Axis& axis = planned.axis[i];
    axis.input = map.in;
    axis.output = map.out;
    axis.outside = on_device(map.outside, device, kept);
    if (map.identity) continue;
    axis.taps = map.taps;
    axis.index = on_device(map.index, device, kept);
    if (!nearest) axis.weight = on_device(map.weight, device, kept);
  }
  return make_cuda_launch(request, "resize", planned,
                          [kept](cuda::Resize& resize, KernelContext& context) {
                            resize.x = context.input(0).as<const float>();
                            resize.y = context.output(0).as<float>();
                          });
}

}  // namespace convoy
