#include "tests/loaders/same_model.h"

namespace convoy {
namespace {

using Names = std::vector<std::string>;

Names names_of(const Graph& graph, const std::vector<ValueId>& ids) {
  Names names;
  for (ValueId id : ids) names.push_back(graph.value_name(id));
  return names;
}

void expect_same_attributes(const Node& a, const Node& b) {
  ASSERT_EQ(a.attributes.size(), b.attributes.size()) << a.name;
  for (const auto& [name, value] : a.attributes) {
    auto found = b.attributes.find(name);
    ASSERT_NE(found, b.attributes.end()) << a.name << ": " << name;
    const auto* body = std::get_if<std::shared_ptr<Graph>>(&value);
    if (body == nullptr) {
      EXPECT_TRUE(equal(value, found->second)) << a.name << ": " << name;
    } else {
      expect_same(**body, *std::get<std::shared_ptr<Graph>>(found->second));
    }
  }
}

void expect_same_values(const Graph& a, const Graph& b) {
  for (size_t i = 0; i < a.value_count(); ++i) {
    const ValueInfo& value = a.value(static_cast<ValueId>(i));
    if (value.removed) continue;
    ValueId other = b.find_value(value.name);
    ASSERT_NE(other, ValueId::kNone) << value.name;
    EXPECT_EQ(to_string(value.type), to_string(b.value(other).type)) << value.name;
    const auto& initializer = b.value(other).initializer;
    ASSERT_EQ(value.initializer == nullptr, initializer == nullptr) << value.name;
    if (initializer) {
      EXPECT_TRUE(identical(*value.initializer, *initializer)) << value.name;
    }
  }
}

}  // namespace

void expect_same(const Graph& a, const Graph& b) {
  EXPECT_EQ(a.name, b.name);
  EXPECT_EQ(a.doc_string, b.doc_string);
  EXPECT_EQ(names_of(a, a.inputs()), names_of(b, b.inputs()));
  EXPECT_EQ(names_of(a, a.outputs()), names_of(b, b.outputs()));
  EXPECT_EQ(a.captures().size(), b.captures().size());
  std::vector<NodeId> left = a.topological_order();
  std::vector<NodeId> right = b.topological_order();
  ASSERT_EQ(left.size(), right.size());
  for (size_t i = 0; i < left.size(); ++i) {
    const Node& x = a.node(left[i]);
    const Node& y = b.node(right[i]);
    EXPECT_EQ(x.name, y.name);
    EXPECT_EQ(x.qualified_type(), y.qualified_type());
    EXPECT_EQ(x.version, y.version);
    EXPECT_EQ(x.overload, y.overload);
    EXPECT_EQ(names_of(a, x.inputs), names_of(b, y.inputs));
    EXPECT_EQ(names_of(a, x.outputs), names_of(b, y.outputs));
    expect_same_attributes(x, y);
  }
  expect_same_values(a, b);
}

void expect_same(const Model& a, const Model& b) {
  EXPECT_EQ(a.ir_version, b.ir_version);
  EXPECT_EQ(a.producer_name, b.producer_name);
  EXPECT_EQ(a.producer_version, b.producer_version);
  EXPECT_EQ(a.domain, b.domain);
  EXPECT_EQ(a.model_version, b.model_version);
  EXPECT_EQ(a.doc_string, b.doc_string);
  EXPECT_EQ(a.opsets, b.opsets);
  EXPECT_EQ(a.metadata, b.metadata);
  ASSERT_EQ(a.functions.size(), b.functions.size());
  for (size_t i = 0; i < a.functions.size(); ++i) {
    const Function& x = a.functions[i];
    const Function& y = b.functions[i];
    EXPECT_EQ(x.domain, y.domain);
    EXPECT_EQ(x.name, y.name);
    EXPECT_EQ(x.overload, y.overload);
    EXPECT_EQ(x.attributes, y.attributes);
    EXPECT_TRUE(equal(x.attribute_defaults, y.attribute_defaults));
    EXPECT_EQ(x.opsets, y.opsets);
    expect_same(*x.body, *y.body);
  }
  expect_same(a.graph, b.graph);
}

}  // namespace convoy
