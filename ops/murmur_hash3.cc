// MurmurHash3 of com.microsoft, opset 1: the 32-bit hash (x86) of each element's bytes, of numbers
// of 32 or 64 bits or strings, as uint32 (positive = 1) or int32.
#include <bit>
#include <cstring>
#include <string>

#include "runtime/op/registry.h"

namespace convoy {
namespace {

// Austin Appleby's MurmurHash3_x86_32.
uint32_t hash_bytes(const void* data, size_t size, uint32_t seed) {
  const auto* bytes = static_cast<const unsigned char*>(data);
  auto mixed = [](uint32_t k) { return std::rotl(k * 0xcc9e2d51u, 15) * 0x1b873593u; };
  uint32_t hash = seed;
  for (size_t i = 0; i + 4 <= size; i += 4) {
    uint32_t block;
    std::memcpy(&block, bytes + i, 4);
    hash = std::rotl(hash ^ mixed(block), 13) * 5 + 0xe6546b64u;
  }
  uint32_t tail = 0;
  for (size_t i = size & ~size_t{3}, shift = 0; i < size; ++i, shift += 8) {
    tail |= uint32_t{bytes[i]} << shift;
  }
  if (size % 4 != 0) hash ^= mixed(tail);
  hash ^= static_cast<uint32_t>(size);
  hash = (hash ^ (hash >> 16)) * 0x85ebca6bu;
  hash = (hash ^ (hash >> 13)) * 0xc2b2ae35u;
  return hash ^ (hash >> 16);
}

template <typename T>
std::unique_ptr<Kernel> make_for(uint32_t seed) {
  return make_kernel([seed](KernelContext& context) {
    const T* x = context.input(0).as<T>();
    auto* y = context.output(0).as<uint32_t>();
    for (int64_t i = 0; i < context.input(0).count(); ++i) {
      if constexpr (std::is_same_v<T, std::string>) {
        y[i] = hash_bytes(x[i].data(), x[i].size(), seed);
      } else {
        y[i] = hash_bytes(&x[i], sizeof(T), seed);
      }
    }
  });
}

bool is_positive(AttributeReader& attributes) { return attributes.integer("positive", 1) != 0; }

std::unique_ptr<Kernel> make_murmur_hash3(KernelRequest& request) {
  AttributeReader attributes = request.attributes();
  const auto seed = static_cast<uint32_t>(attributes.integer("seed", 0));
  is_positive(attributes);
  attributes.finish();
  request.check_output(0, request.input(0).shape);
  return visit_dtype_among<int32_t, uint32_t, int64_t, uint64_t, float, double, std::string>(
      request.input(0).dtype,
      [&](auto tag) { return make_for<typename decltype(tag)::type>(seed); });
}

}  // namespace

void register_murmur_hash3(Registry& registry) {
  OpDef& definition = registry.add("MurmurHash3", "com.microsoft");
  definition.infer = [](InferRequest& request) {
    AttributeReader attributes(request.node);
    request.set_output(0, is_positive(attributes) ? DType::kUInt32 : DType::kInt32,
                       request.inputs[0].shape);
  };
  definition.kernel("reference", make_murmur_hash3);
}

}  // namespace convoy
