#include "loaders/tensor_files/npy.h"

#include <algorithm>
#include <charconv>
#include <cstring>

#include "loaders/onnx/mapped_file.h"
#include "loaders/tensor_files/utf32.h"
#include "runtime/base/output_file.h"

namespace convoy {
namespace {

constexpr std::string_view kMagic("\x93NUMPY", 6);

struct NumpyType {
  std::string_view code;  // without the byte order
  DType dtype;
};
constexpr NumpyType kTypes[] = {
    {"b1", DType::kBool},      {"i1", DType::kInt8},       {"u1", DType::kUInt8},
    {"i2", DType::kInt16},     {"u2", DType::kUInt16},     {"i4", DType::kInt32},
    {"u4", DType::kUInt32},    {"i8", DType::kInt64},      {"u8", DType::kUInt64},
    {"f2", DType::kFloat16},   {"f4", DType::kFloat32},    {"f8", DType::kFloat64},
    {"c8", DType::kComplex64}, {"c16", DType::kComplex128}};

struct Header {
  std::string descr;
  bool fortran_order = false;
  Shape shape;
  std::string_view data;
};

// The text of `'key': …` in the header's dictionary, up to the end of the header.
std::string_view value_of(std::string_view header, std::string_view key) {
  size_t at = header.find(fmt::format("'{}':", key));
  check_input(at != std::string_view::npos, "the header of the .npy file lacks '{}'", key);
  std::string_view rest = header.substr(at + key.size() + 3);
  return rest.substr(std::min(rest.find_first_not_of(' '), rest.size()));
}

Shape parse_shape(std::string_view text) {
  size_t close = text.find(')');
  check_input(text.starts_with('(') && close != std::string_view::npos,
              "the header of the .npy file has no good shape");
  Shape shape;
  const char* at = text.data() + 1;
  const char* end = text.data() + close;
  while (at < end) {
    if (*at == ' ' || *at == ',' || *at == 'L') {
      ++at;
      continue;
    }
    int64_t size = 0;
    auto [next, problem] = std::from_chars(at, end, size);
    check_input(problem == std::errc() && size >= 0, "the .npy file has no good shape");
    shape.push_back(size);
    at = next;
  }
  return shape;
}

Header parse_header(std::string_view file) {
  check_input(file.starts_with(kMagic) && file.size() >= 10, "the file is no .npy file");
  size_t length_bytes = file[6] == 1 ? 2 : 4;
  check_input(file[6] >= 1 && file[6] <= 3 && file.size() >= 8 + length_bytes,
              "version {} of the .npy format is not known", int{file[6]});
  size_t length = 0;
  for (size_t i = 0; i < length_bytes; ++i) {
    length |= size_t{static_cast<uint8_t>(file[8 + i])} << (8 * i);
  }
  check_input(length <= file.size() - 8 - length_bytes, "the .npy file is truncated");
  std::string_view text = file.substr(8 + length_bytes, length);
  Header header;
  std::string_view descr = value_of(text, "descr");
  size_t quote = descr.find('\'', 1);
  check_input(descr.starts_with('\'') && quote != std::string_view::npos,
              "structured arrays are not supported");
  header.descr = std::string(descr.substr(1, quote - 1));
  header.fortran_order = value_of(text, "fortran_order").starts_with("True");
  header.shape = parse_shape(value_of(text, "shape"));
  header.data = file.substr(8 + length_bytes + length);
  return header;
}

void reverse_bytes(std::byte* data, int64_t count, size_t size) {
  for (int64_t i = 0; i < count; ++i) {
    std::byte* element = data + static_cast<size_t>(i) * size;
    std::reverse(element, element + size);
  }
}

void check_size(const Header& header, int64_t bytes) {
  check_input(static_cast<int64_t>(header.data.size()) >= bytes,
              "the .npy file is truncated: {} bytes of {}", header.data.size(), bytes);
}

Tensor read_numbers(const Header& header, DType dtype) {
  auto size = static_cast<int64_t>(size_of(dtype));
  int64_t count = element_count(header.shape);
  check_size(header, checked_multiply(count, size));
  Tensor tensor = Tensor::allocate(dtype, header.shape);
  if (count == 0) return tensor;
  std::memcpy(tensor.raw(), header.data.data(), static_cast<size_t>(count * size));
  if (header.descr[0] == '>') {
    bool complex = dtype == DType::kComplex64 || dtype == DType::kComplex128;
    reverse_bytes(static_cast<std::byte*>(tensor.raw()), complex ? 2 * count : count,
                  static_cast<size_t>(complex ? size / 2 : size));
  }
  if (dtype == DType::kBool) {
    auto* bytes = static_cast<uint8_t*>(tensor.raw());
    std::transform(bytes, bytes + count, bytes, [](uint8_t b) -> uint8_t { return b != 0; });
  }
  return tensor;
}

// Text of fixed width, padded with zeros: 'U' in UTF-32, 'S' in bytes.
Tensor read_text(const Header& header, char kind) {
  int64_t width = 0;
  const char* digits = header.descr.data() + 2;
  const char* end = header.descr.data() + header.descr.size();
  auto [next, problem] = std::from_chars(digits, end, width);
  bool good = (problem == std::errc() || digits == end) && next == end && width >= 0;
  check_input(good, "the .npy file has the bad type '{}'", header.descr);
  int64_t item = checked_multiply(width, kind == 'U' ? 4 : 1);
  int64_t count = element_count(header.shape);
  // Items of width 0 take no bytes, so the file's size would not bound the number of strings.
  check_size(header, checked_multiply(count, std::max<int64_t>(item, 1)));
  Tensor tensor = Tensor::allocate(DType::kString, header.shape);
  auto* strings = tensor.mutable_data<std::string>();
  for (int64_t i = 0; i < count; ++i) {
    std::string_view bytes =
        header.data.substr(static_cast<size_t>(i * item), static_cast<size_t>(item));
    if (kind == 'U') {
      strings[i] = utf8_from_utf32(bytes, header.descr[0] == '>');
    } else {
      size_t last = bytes.find_last_not_of('\0');
      strings[i] = std::string(bytes.substr(0, last == std::string_view::npos ? 0 : last + 1));
    }
  }
  return tensor;
}

Tensor read(const Header& header) {
  check_input(header.descr.size() >= 2, "the .npy file has the bad type '{}'", header.descr);
  std::string_view code = std::string_view(header.descr).substr(1);
  check_input(code[0] != 'O', "object arrays are not read: they hold Python pickles");
  if (code[0] == 'U' || code[0] == 'S') return read_text(header, code[0]);
  auto known = std::find_if(std::begin(kTypes), std::end(kTypes),
                            [&](const NumpyType& type) { return type.code == code; });
  check_input(known != std::end(kTypes), "the .npy file has the type '{}', which is not supported",
              header.descr);
  return read_numbers(header, known->dtype);
}

// Column-major data was read as if it were row-major: the same elements under reversed axes.
Tensor reorder_columns(const Tensor& tensor) {
  Shape reversed = tensor.shape();
  std::reverse(reversed.begin(), reversed.end());
  Strides strides = contiguous_strides(reversed);
  std::reverse(strides.begin(), strides.end());
  TensorDesc desc{tensor.dtype(), tensor.shape(), strides, {}};
  return Tensor::over(tensor.buffer(), 0, desc).contiguous();
}

std::string descr_of(DType dtype, size_t text_width) {
  if (dtype == DType::kString) return fmt::format("<U{}", text_width);
  for (const NumpyType& type : kTypes) {
    if (type.dtype == dtype) return (size_of(dtype) == 1 ? "|" : "<") + std::string(type.code);
  }
  return fmt::format("|V{}", size_of(dtype));
}

std::string make_header(const std::string& descr, const Shape& shape) {
  std::string sizes;
  for (int64_t size : shape) sizes += std::to_string(size) + ",";
  if (shape.rank() > 1) sizes.pop_back();
  std::string text =
      fmt::format("{{'descr': '{}', 'fortran_order': False, 'shape': ({}), }}", descr, sizes);
  // The data starts at a multiple of 64 bytes.
  text.append(63 - (10 + text.size()) % 64, ' ');
  text += '\n';
  std::string header(kMagic);
  header +=
      {'\1', '\0', static_cast<char>(text.size() & 0xff), static_cast<char>(text.size() >> 8)};
  return header + text;
}

}  // namespace

Tensor read_npy(const std::string& path) {
  auto file = map_file(path, ErrorCode::kInvalidInput);
  try {
    Header header = parse_header({reinterpret_cast<const char*>(file->data()), file->bytes()});
    Tensor tensor = read(header);
    return header.fortran_order && tensor.rank() > 1 ? reorder_columns(tensor) : tensor;
  } catch (const Error& error) {
    throw Error(ErrorCode::kInvalidInput, error.message(), {path, "", "", ""});
  }
}

void write_npy(const std::string& path, const Tensor& tensor) {
  Tensor source = tensor.contiguous();
  OutputFile file(path);
  if (source.dtype() != DType::kString) {
    file.write(make_header(descr_of(source.dtype(), 0), source.shape()));
    auto bytes = static_cast<size_t>(source.count()) * size_of(source.dtype());
    file.write({static_cast<const char*>(source.raw()), bytes});
    file.commit();
    return;
  }
  std::vector<std::u32string> texts;
  size_t width = 1;
  for (const std::string& text : source.values<std::string>()) {
    texts.push_back(utf32_from_utf8(text));
    width = std::max(width, texts.back().size());
  }
  file.write(make_header(descr_of(DType::kString, width), source.shape()));
  for (std::u32string& text : texts) {
    text.resize(width, U'\0');
    file.write({reinterpret_cast<const char*>(text.data()), width * sizeof(char32_t)});
  }
  file.commit();
}

}  // namespace convoy
