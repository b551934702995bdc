#include "tests/hostile/hostile_values.h"

#include <cstring>
#include <limits>
#include <vector>

namespace convoy::testing {
namespace {

const std::vector<int64_t> kIntegers = {0,
                                        1,
                                        -1,
                                        2,
                                        -2,
                                        3,
                                        -3,
                                        7,
                                        8,
                                        13,
                                        64,
                                        255,
                                        1000,
                                        65536,
                                        -65536,
                                        std::numeric_limits<int32_t>::max(),
                                        std::numeric_limits<int32_t>::min(),
                                        int64_t{1} << 31,
                                        int64_t{1} << 32,
                                        (int64_t{1} << 32) + 1,
                                        -(int64_t{1} << 32),
                                        int64_t{1} << 40,
                                        int64_t{1} << 62,
                                        -(int64_t{1} << 62),
                                        std::numeric_limits<int64_t>::max(),
                                        std::numeric_limits<int64_t>::max() - 1,
                                        std::numeric_limits<int64_t>::min(),
                                        std::numeric_limits<int64_t>::min() + 1};

const std::vector<float> kFloats = {0.0F,
                                    -0.0F,
                                    1.0F,
                                    -1.0F,
                                    0.5F,
                                    1e-38F,
                                    1e-45F,
                                    3e38F,
                                    -3e38F,
                                    1e18F,
                                    -1e18F,
                                    2147483648.0F,
                                    std::numeric_limits<float>::infinity(),
                                    -std::numeric_limits<float>::infinity(),
                                    std::numeric_limits<float>::quiet_NaN()};

const std::vector<std::string> kTexts = {"",
                                         "x",
                                         "SAME_UPPER",
                                         "SAME_LOWER",
                                         "VALID",
                                         "NOTSET",
                                         "linear",
                                         "cubic",
                                         "nearest",
                                         "reflect",
                                         "edge",
                                         "wrap",
                                         "mean",
                                         "none",
                                         "max",
                                         "mul",
                                         "constant",
                                         "...",
                                         "ij,jk->",
                                         "i->ii",
                                         "->",
                                         "forward",
                                         "bidirectional",
                                         "reverse",
                                         "half_pixel",
                                         "align_corners",
                                         "tf_crop_and_resize",
                                         "not_larger",
                                         std::string(300, 'a'),
                                         "\xff\xfe"};

size_t element_bytes(int32_t type) {
  switch (type) {
    case onnx::TensorProto::FLOAT:
    case onnx::TensorProto::INT32:
    case onnx::TensorProto::UINT32: return 4;
    case onnx::TensorProto::INT64:
    case onnx::TensorProto::UINT64:
    case onnx::TensorProto::DOUBLE: return 8;
    case onnx::TensorProto::FLOAT16:
    case onnx::TensorProto::BFLOAT16:
    case onnx::TensorProto::INT16:
    case onnx::TensorProto::UINT16: return 2;
    case onnx::TensorProto::INT8:
    case onnx::TensorProto::UINT8:
    case onnx::TensorProto::BOOL: return 1;
    default: return 0;
  }
}

void change_elements(onnx::TensorProto& tensor, Dice& dice) {
  size_t size = element_bytes(tensor.data_type());
  std::string& data = *tensor.mutable_raw_data();
  if (size == 0 || data.size() < size) return;
  auto count = static_cast<int64_t>(data.size() / size);
  bool all = dice.chance(20);
  int64_t first = all ? 0 : dice.below(count);
  int64_t last = all ? count : first + 1;
  int64_t value = hostile_integer(dice);
  float number = dice.chance(50) ? hostile_float(dice) : static_cast<float>(value);
  auto wide = static_cast<double>(number);
  for (int64_t i = first; i < last; ++i) {
    char* to = data.data() + static_cast<size_t>(i) * size;
    switch (tensor.data_type()) {
      case onnx::TensorProto::FLOAT: std::memcpy(to, &number, size); break;
      case onnx::TensorProto::DOUBLE: std::memcpy(to, &wide, size); break;
      case onnx::TensorProto::BOOL: *to = static_cast<char>(value & 1); break;
      default: std::memcpy(to, &value, size);
    }
  }
}

// Other sizes, with as much data as they need.
void change_sizes(onnx::TensorProto& tensor, Dice& dice) {
  size_t size = element_bytes(tensor.data_type());
  if (size == 0) return;
  auto& dims = *tensor.mutable_dims();
  auto at = [&] { return static_cast<int>(dice.below(dims.size())); };
  switch (dice.below(6)) {
    case 0: dims.Clear(); break;
    case 1: dims.Add(dice.below(3)); break;
    case 2:
      if (!dims.empty()) dims.RemoveLast();
      break;
    case 3:
      if (dims.size() > 1) dims.SwapElements(at(), at());
      break;
    case 4: dims.Resize(dims.size() + static_cast<int>(dice.below(12)), 1); break;
    default:
      if (!dims.empty()) dims.Set(at(), dice.below(5) == 0 ? 0 : dice.between(1, 6));
  }
  int64_t count = 1;
  for (int64_t dim : dims) count *= dim;
  std::string& data = *tensor.mutable_raw_data();
  std::string before = data;
  data.resize(static_cast<size_t>(count) * size);
  for (size_t i = before.size(); i < data.size() && !before.empty(); ++i) {
    data[i] = before[i % before.size()];
  }
}

}  // namespace

int64_t hostile_integer(Dice& dice) {
  return dice.chance(40) ? dice.between(-4, 9) : dice.pick(kIntegers);
}

float hostile_float(Dice& dice) { return dice.pick(kFloats); }

const std::string& hostile_text(Dice& dice) { return dice.pick(kTexts); }

void change_integers(google::protobuf::RepeatedField<int64_t>& list, Dice& dice) {
  auto at = [&] { return static_cast<int>(dice.below(list.size())); };
  switch (dice.below(8)) {
    case 0: list.Clear(); break;
    case 1: list.Add(hostile_integer(dice)); break;
    case 2:
      if (!list.empty()) list.RemoveLast();
      break;
    case 3:
      if (!list.empty()) list.Add(list.Get(at()));
      break;
    case 4: list.Resize(static_cast<int>(dice.pick<int64_t>({9, 13, 64, 5000})), 0); break;
    case 5: {
      int64_t value = hostile_integer(dice);
      for (int64_t& item : list) item = value;
      break;
    }
    default:
      if (list.empty()) {
        list.Add(hostile_integer(dice));
      } else {
        list.Set(at(), hostile_integer(dice));
      }
  }
}

void change_tensor(onnx::TensorProto& tensor, Dice& dice) {
  if (tensor.data_type() == onnx::TensorProto::STRING) {
    auto& texts = *tensor.mutable_string_data();
    if (!texts.empty()) {
      texts[static_cast<int>(dice.below(texts.size()))] = hostile_text(dice);
    }
    return;
  }
  if (!tensor.has_raw_data()) {
    if (tensor.int64_data_size() > 0) change_integers(*tensor.mutable_int64_data(), dice);
    return;
  }
  if (dice.chance(60)) {
    change_elements(tensor, dice);
  } else {
    change_sizes(tensor, dice);
  }
}

}  // namespace convoy::testing
