#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "loaders/tensor_files/npy.h"
#include "loaders/tensor_files/tensor_pb.h"
#include "tests/loaders/temporary_folder.h"

namespace convoy {
namespace {

using ::testing::HasSubstr;

Tensor numbers(DType dtype, const Shape& shape) {
  Tensor tensor = Tensor::zeros(dtype, shape);
  auto bytes = static_cast<size_t>(tensor.count()) * size_of(dtype);
  bool narrow = dtype == DType::kBool || (bits_of(dtype) > 0 && bits_of(dtype) < 8);
  for (size_t i = 0; i < bytes; ++i) {
    static_cast<uint8_t*>(tensor.raw())[i] = static_cast<uint8_t>(narrow ? i % 2 : i * 37 + 1);
  }
  return tensor;
}

Tensor texts() {
  std::vector<std::string> values{"a", "", "grüße", "\xF0\x9F\x9A\x82", "x y"};
  return Tensor::from<std::string>({5}, std::span<const std::string>(values));
}

std::string npy(std::string_view header, std::string_view data) {
  std::string file("\x93NUMPY\x01\x00", 8);
  file += static_cast<char>(header.size());
  file += '\0';
  return file + std::string(header) + std::string(data);
}

std::string message_of_npy(const std::string& path) {
  try {
    read_npy(path);
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::kInvalidInput);
    EXPECT_EQ(error.context().file, path);
    return error.message();
  }
  return "no error";
}

TEST(Npy, KeepsEveryTypeThatNumpyHas) {
  TemporaryFolder folder;
  for (DType dtype : {DType::kBool, DType::kInt8, DType::kUInt8, DType::kInt16, DType::kUInt16,
                      DType::kInt32, DType::kUInt32, DType::kInt64, DType::kUInt64, DType::kFloat16,
                      DType::kFloat32, DType::kFloat64, DType::kComplex64, DType::kComplex128}) {
    for (const Shape& shape : {Shape{}, Shape{5}, Shape{0, 3}, Shape{2, 3, 4}}) {
      Tensor tensor = numbers(dtype, shape);
      write_npy(folder.path("x.npy"), tensor);
      EXPECT_TRUE(identical(read_npy(folder.path("x.npy")), tensor)) << to_string(tensor.desc());
    }
  }
  write_npy(folder.path("x.npy"), texts());
  EXPECT_TRUE(identical(read_npy(folder.path("x.npy")), texts()));
}

TEST(Npy, ReadsColumnMajorAndBigEndian) {
  TemporaryFolder folder;
  std::string data("\0\1\0\2\0\3\0\4\0\5\0\6", 12);
  std::string path = folder.write(
      "x.npy", npy("{'descr': '>i2', 'fortran_order': True, 'shape': (2, 3), }\n", data));
  Tensor tensor = read_npy(path);
  EXPECT_EQ(tensor.shape(), (Shape{2, 3}));
  EXPECT_EQ(to_int64s(tensor), (std::vector<int64_t>{1, 3, 5, 2, 4, 6}));
}

TEST(Npy, RefusesWhatItCannotRead) {
  TemporaryFolder folder;
  auto message = [&](std::string_view descr, std::string_view shape, std::string_view data) {
    std::string header =
        fmt::format("{{'descr': {}, 'fortran_order': False, 'shape': {}, }}\n", descr, shape);
    return message_of_npy(folder.write("x.npy", npy(header, data)));
  };
  EXPECT_THAT(message("'|O'", "(1,)", "x"), HasSubstr("pickles"));
  EXPECT_THAT(message("'<f4'", "(4,)", "12345678"), HasSubstr("truncated: 8 bytes of 16"));
  EXPECT_THAT(message("'<V2'", "(4,)", "12345678"), HasSubstr("'<V2', which is not supported"));
  EXPECT_THAT(message("[('a', '<f4')]", "(1,)", "1234"), HasSubstr("structured"));
  EXPECT_THAT(message("'<f4'", "(-1,)", "1234"), HasSubstr("no good shape"));
  EXPECT_THAT(message("'<f4'", "(4611686018427387904, 16)", "1234"), HasSubstr("overflow"));
  EXPECT_THAT(message("'<U0'", "(1099511627776,)", ""), HasSubstr("truncated"));
  EXPECT_THAT(message_of_npy(folder.write("x.npy", "PK")), HasSubstr("no .npy file"));
  EXPECT_THAT(message_of_npy(folder.write("x.npy", "")), HasSubstr("no .npy file"));
  EXPECT_THROW(read_npy(folder.path("missing.npy")), Error);
}

TEST(TensorPb, KeepsEveryType) {
  TemporaryFolder folder;
  std::string path = folder.path("x.pb");
  for (int number = 1; number <= 26; ++number) {
    auto dtype = static_cast<DType>(number);
    if (dtype == DType::kString) continue;
    for (const Shape& shape : {Shape{}, Shape{5}, Shape{0, 3}, Shape{3, 3}}) {
      Tensor tensor = numbers(dtype, shape);
      write_tensor_pb(path, tensor);
      EXPECT_TRUE(identical(read_tensor_pb(path).tensor(), tensor)) << to_string(tensor.desc());
    }
  }
  write_tensor_pb(path, texts());
  EXPECT_TRUE(identical(read_tensor_pb(path).tensor(), texts()));
}

TEST(TensorPb, ExpectedTypeDecidesTheMessage) {
  TemporaryFolder folder;
  std::string path = folder.path("x.pb");
  Tensor tensor = numbers(DType::kFloat32, {2});
  auto sequence = std::make_shared<Sequence>();
  sequence->element_dtype = DType::kFloat32;
  sequence->elements = {Value(tensor), Value(numbers(DType::kFloat32, {3}))};
  auto element = std::make_shared<const ValueType>(ValueType::tensor(DType::kFloat32));
  ValueType sequence_type{ValueType::Kind::kSequence, {}, {}, element};

  write_tensor_pb(path, Value(std::shared_ptr<const Sequence>(sequence)));
  Value read = read_tensor_pb(path, &sequence_type);
  ASSERT_EQ(read.sequence().elements.size(), 2u);
  EXPECT_EQ(read.sequence().element_dtype, DType::kFloat32);
  EXPECT_TRUE(identical(read.sequence().elements[0].tensor(), tensor));

  ValueType optional_type{ValueType::Kind::kOptional, {}, {}, element};
  write_tensor_pb(path, Value(Optional{std::make_shared<const Value>(tensor)}));
  EXPECT_TRUE(identical(read_tensor_pb(path, &optional_type).optional().element->tensor(), tensor));
  write_tensor_pb(path, Value(Optional{}));
  EXPECT_TRUE(read_tensor_pb(path, &optional_type).optional().empty());

  auto map = std::make_shared<Map>();
  map->keys = std::vector<std::string>{"a", "b"};
  map->values = tensor;
  ValueType map_type{ValueType::Kind::kMap, DType::kString, {}, element};
  write_tensor_pb(path, Value(std::shared_ptr<const Map>(map)));
  Value again = read_tensor_pb(path, &map_type);
  EXPECT_EQ(std::get<1>(again.map().keys), std::get<1>(map->keys));
  EXPECT_TRUE(identical(again.map().values, tensor));
}

TEST(TensorPb, AnEmptySequenceTakesTheExpectedElementType) {
  TemporaryFolder folder;
  std::string path = folder.path("x.pb");
  write_tensor_pb(path, Value(std::make_shared<const Sequence>()));
  auto element = std::make_shared<const ValueType>(ValueType::tensor(DType::kInt64));
  ValueType type{ValueType::Kind::kSequence, {}, {}, element};
  EXPECT_EQ(read_tensor_pb(path, &type).sequence().element_dtype, DType::kInt64);
}

TEST(TensorPb, NamesTheFileThatIsBroken) {
  TemporaryFolder folder;
  std::string path = folder.write("x.pb", "\x0a\xff nonsense");
  EXPECT_THROW(
      {
        try {
          read_tensor_pb(path);
        } catch (const Error& error) {
          EXPECT_EQ(error.code(), ErrorCode::kInvalidInput);
          EXPECT_THAT(error.what(), HasSubstr(path));
          throw;
        }
      },
      Error);
}

}  // namespace
}  // namespace convoy
