#include "runtime/plan/tuner.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "runtime/session/session.h"
#include "tests/loaders/temporary_folder.h"
#include "tests/plan/row_model.h"

namespace convoy {
namespace {

using testing::add_op;
using testing::ramp;

// A convolution that several kernels compute.
Model make_model() {
  Model model;
  model.ir_version = 8;
  model.opsets[""] = 17;
  Graph& graph = model.graph;
  graph.opset = 17;
  ValueId x = graph.add_input("x", ValueType::tensor(DType::kFloat32, Shape{1, 16, 20, 20}));
  ValueId w = graph.add_constant(ramp({16, 16, 3, 3}, 0.01f), "w");
  graph.add_output(add_op(graph, "Conv", {x, w}, {}, "y"));
  return model;
}

SessionOptions tuned_by(const std::string& path) {
  SessionOptions options;
  options.threads = 1;
  options.tuning_file = path;
  return options;
}

std::string content_of(const std::string& path) {
  std::ifstream file(path);
  return {std::istreambuf_iterator<char>(file), {}};
}

TEST(Tuner, MeasuresOnceAndRemembers) {
  TemporaryFolder folder;
  std::string path = folder.path("tuning.json");
  Feeds feeds = {{"x", ramp({1, 16, 20, 20}, 0.02f)}};
  Session plain(make_model());
  Tensor expected = plain.run(feeds)[0].tensor();

  Session first(make_model(), tuned_by(path));
  Tensor y = first.run(feeds)[0].tensor();
  for (int64_t i = 0; i < y.count(); ++i) {
    ASSERT_NEAR(y.data<float>()[i], expected.data<float>()[i], 1e-4f) << i;
  }
  std::string written = content_of(path);
  EXPECT_NE(written.find("Conv"), std::string::npos) << written;
  std::string explained = first.explain(feeds);
  EXPECT_NE(explained.find(": took "), std::string::npos) << explained;

  Session second(make_model(), tuned_by(path));
  second.run(feeds);
  EXPECT_EQ(content_of(path), written);
  EXPECT_EQ(second.explain(feeds), explained);
}

// The choice follows the file, whatever it says.
TEST(Tuner, TakesTheKernelThatTheFileCallsFastest) {
  TemporaryFolder folder;
  std::string path = folder.path("tuning.json");
  Feeds feeds = {{"x", ramp({1, 16, 20, 20}, 0.02f)}};
  Session(make_model(), tuned_by(path)).run(feeds);
  std::string text = content_of(path);
  for (const char* kernel : {"direct", "onednn"}) {
    size_t at = text.find('"' + std::string(kernel) + "\": ");
    if (at == std::string::npos) continue;
    size_t number = text.find(": ", at) + 2;
    size_t end = text.find_first_of(",\n", number);
    std::ofstream(path) << text.substr(0, number) + "1e-9" + text.substr(end);
    std::string explained = Session(make_model(), tuned_by(path)).explain(feeds);
    EXPECT_NE(explained.find(' ' + std::string(kernel) + ' '), std::string::npos) << explained;
  }
}

TEST(Tuner, RefusesForeignFiles) {
  TemporaryFolder folder;
  std::string path = folder.path("tuning.json");
  for (const char* content : {"", "no json", "{}", "{\"convoy_tuning\": 9}"}) {
    std::ofstream(path) << content;
    try {
      Tuner tuner(path);
      ADD_FAILURE() << content;
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ErrorCode::kInvalidInput);
      EXPECT_NE(std::string(error.what()).find("tuning.json"), std::string::npos) << error.what();
    }
    EXPECT_EQ(content_of(path), content);
  }
}

TEST(Tuner, NamesAFileThatCannotBeWritten) {
  Session session(make_model(), tuned_by("/no/such/folder/tuning.json"));
  try {
    session.run({{"x", ramp({1, 16, 20, 20}, 0.02f)}});
    FAIL();
  } catch (const Error& error) {
    EXPECT_NE(std::string(error.what()).find("/no/such/folder/tuning.json"), std::string::npos);
  }
}

}  // namespace
}  // namespace convoy
