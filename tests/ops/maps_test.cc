// ZipMap, DictVectorizer and CastMap: values that are maps. Expected by ONNX Runtime.
#include "runtime/op/evaluate.h"
#include "tests/ops/op_case.h"

namespace convoy {
namespace {

using Ints = std::vector<int64_t>;
using Texts = std::vector<std::string>;

Value evaluate(const std::string& op, const Value& input, Attributes attributes) {
  static const std::unique_ptr<ThreadPool> threads = make_thread_pool(1);
  Graph graph;
  Node node;
  node.op_type = op;
  node.domain = "ai.onnx.ml";
  node.version = 1;
  node.attributes = std::move(attributes);
  node.inputs = {graph.add_input("x", {})};
  node.outputs = {graph.add_value("y")};
  const NodeId id = graph.add_node(std::move(node));
  const std::vector<Value> inputs{input};
  EvaluateEnvironment environment{Registry::standard(), *threads, nullptr, {}};
  return evaluate_node(graph, graph.node(id), inputs, {}, environment)[0];
}

template <typename Key>
Value map_of(std::vector<Key> keys, Tensor values) {
  auto map = std::make_shared<Map>();
  map->keys = std::move(keys);
  map->values = std::move(values);
  return Value(std::shared_ptr<const Map>(std::move(map)));
}

void expect_tensor(const Value& actual, const Tensor& expected) {
  ASSERT_TRUE(actual.is_tensor());
  expect_equal(actual.tensor(), expected, 1e-6, "the result");
}

TEST(ZipMap, GivesAMapForEachRowWithKeysInOrder) {
  const Value result = evaluate("ZipMap", tensor<float>({2, 3}, {1, 2, 3, 4, 5, 6}),
                                {{"classlabels_strings", Texts{"b", "c", "a"}}});
  const auto& rows = result.sequence().elements;
  ASSERT_EQ(rows.size(), 2u);
  EXPECT_EQ(std::get<Texts>(rows[1].map().keys), (Texts{"a", "b", "c"}));
  expect_tensor(rows[0].map().values, tensor<float>({3}, {3, 1, 2}));
  expect_tensor(rows[1].map().values, tensor<float>({3}, {6, 4, 5}));
}

TEST(ZipMap, TakesOneRowAndIntegers) {
  const Value result =
      evaluate("ZipMap", tensor<float>({2}, {1, 2}), {{"classlabels_int64s", Ints{7, -1}}});
  ASSERT_EQ(result.sequence().elements.size(), 1u);
  const Map& map = result.sequence().elements[0].map();
  EXPECT_EQ(std::get<Ints>(map.keys), (Ints{-1, 7}));
  expect_tensor(map.values, tensor<float>({2}, {2, 1}));
}

TEST(ZipMap, RefusesLabelsThatDoNotFit) {
  const Tensor scores = tensor<float>({1, 2}, {1, 2});
  EXPECT_THROW(evaluate("ZipMap", scores, {{"classlabels_int64s", Ints{7}}}), Error);
  EXPECT_THROW(evaluate("ZipMap", scores, {}), Error);
}

TEST(DictVectorizer, PutsZerosForAbsentKeys) {
  const Value numbers = map_of(Texts{"x", "z"}, tensor<double>({2}, {1.5, -2}));
  expect_tensor(evaluate("DictVectorizer", numbers, {{"string_vocabulary", Texts{"z", "y", "x"}}}),
                tensor<double>({1, 3}, {-2, 0, 1.5}));
  const Value texts = map_of(Ints{3}, tensor<std::string>({1}, {"t"}));
  expect_tensor(evaluate("DictVectorizer", texts, {{"int64_vocabulary", Ints{1, 3}}}),
                tensor<std::string>({1, 2}, {"", "t"}));
  EXPECT_THROW(evaluate("DictVectorizer", texts, {{"string_vocabulary", Texts{"a"}}}), Error);
}

TEST(CastMap, IsDenseInTheOrderOfKeysOrSparse) {
  const Value floats = map_of(Ints{4, 1}, tensor<float>({2}, {2.75f, -1.5f}));
  const std::string sparse = "SPARSE";
  expect_tensor(evaluate("CastMap", floats, {}), tensor<float>({1, 2}, {-1.5f, 2.75f}));
  expect_tensor(evaluate("CastMap", floats, {{"cast_to", std::string("TO_INT64")}}),
                tensor<int64_t>({1, 2}, {-1, 2}));
  expect_tensor(evaluate("CastMap", floats, {{"map_form", sparse}, {"max_map", int64_t{3}}}),
                tensor<float>({1, 3}, {0, -1.5f, 0}));
  expect_tensor(evaluate("CastMap", floats, {{"cast_to", std::string("TO_STRING")}}),
                tensor<std::string>({1, 2}, {"-1.500000", "2.750000"}));
}

TEST(CastMap, ReadsText) {
  const Attributes to_int64 = {{"cast_to", std::string("TO_INT64")}};
  const Value texts = map_of(Ints{0, 1}, tensor<std::string>({2}, {"12", "-3"}));
  expect_tensor(evaluate("CastMap", texts, {}), tensor<float>({1, 2}, {12, -3}));
  expect_tensor(evaluate("CastMap", texts, to_int64), tensor<int64_t>({1, 2}, {12, -3}));
  const Value words = map_of(Ints{0}, tensor<std::string>({1}, {"twelve"}));
  EXPECT_THROW(evaluate("CastMap", words, to_int64), Error);
  const Value infinite = map_of(Ints{0}, tensor<float>({1}, {1e30f}));
  EXPECT_THROW(evaluate("CastMap", infinite, to_int64), Error);
}

}  // namespace
}  // namespace convoy
