// A session in a child process: its own, the parent's, and one that other threads are busy with.
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <thread>

#include "runtime/session/session.h"
#include "tests/rewrite/graph_case.h"

#ifndef __SANITIZE_THREAD__  // whose run time refuses threads in a child

namespace convoy {
namespace {

using testing::GraphCase;
using testing::random_floats;

struct Subject {
  std::string name;
  Shape input;
  std::function<ValueId(GraphCase&, ValueId)> build;
};

const std::vector<Subject>& subjects() {
  static const std::vector<Subject> all = {
      {"Conv",
       {2, 64, 500},
       [](GraphCase& c, ValueId x) {
         Attributes pads{{"pads", std::vector<int64_t>{2, 2}}};
         return c.node("Relu", {c.node("Conv", {x, c.weight({64, 64, 5})}, pads)});
       }},
      {"strided Conv2d",
       {1, 16, 40, 40},
       [](GraphCase& c, ValueId x) {
         Attributes strides{{"strides", std::vector<int64_t>{2, 2}}};
         return c.node("Conv", {x, c.weight({32, 16, 3, 3})}, strides);
       }},
      {"ConvTranspose",
       {1, 32, 28, 28},
       [](GraphCase& c, ValueId x) {
         Attributes strides{{"strides", std::vector<int64_t>{2, 2}}};
         return c.node("ConvTranspose", {x, c.weight({32, 16, 4, 4})}, strides);
       }},
      {"MatMul",
       {200, 256},
       [](GraphCase& c, ValueId x) {
         return c.node("Softmax", {c.node("MatMul", {x, c.weight({256, 300})})});
       }},
      {"own kernels",
       {64, 4096},
       [](GraphCase& c, ValueId x) {
         ValueId sum = c.node("ReduceSum", {c.node("Exp", {x}), c.ints({1})});
         return c.node("Div", {c.node("Transpose", {x}), c.node("Transpose", {sum})});
       }},
      {"Loop of convolutions",
       {1, 8, 300},
       [](GraphCase& c, ValueId x) {
         Attributes pads{{"pads", std::vector<int64_t>{1, 1}}};
         ValueId y = x;
         for (int i = 0; i < 6; ++i)
           y = c.node("Tanh", {c.node("Conv", {y, c.weight({8, 8, 3})}, pads)});
         return y;
       }},
  };
  return all;
}

std::unique_ptr<Session> session_of(const Subject& subject, bool optimize = true) {
  GraphCase c;
  std::vector<testing::Dim> dims(subject.input.begin(), subject.input.end());
  c.output(subject.build(c, c.input("x", dims)));
  c.finish();
  SessionOptions options;
  options.threads = 2;
  options.optimize = optimize;
  return std::make_unique<Session>(std::move(c.model()), options);
}

Tensor input_of(const Subject& subject) { return random_floats(subject.input, 7); }

bool gives(Session& session, const Subject& subject, const Tensor& expected) {
  return identical(session.run({{"x", input_of(subject)}})[0].tensor(), expected);
}

// "" where `body` returns true in a child, within 30 seconds.
std::string failure_in_child(const std::function<bool()>& body) {
  int ends[2];
  EXPECT_EQ(pipe(ends), 0);
  pid_t child = fork();
  if (child == 0) {
    alarm(30);
    std::string what = "differs";
    try {
      if (body()) what.clear();
    } catch (const std::exception& error) {
      what = error.what();
    }
    if (write(ends[1], what.data(), what.size()) < 0) _exit(2);
    _exit(what.empty() ? 0 : 1);
  }
  close(ends[1]);
  std::string what;
  char buffer[256];
  for (ssize_t n; (n = read(ends[0], buffer, sizeof buffer)) > 0;) {
    what.append(buffer, static_cast<size_t>(n));
  }
  close(ends[0]);
  int status = 0;
  waitpid(child, &status, 0);
  if (WIFSIGNALED(status)) return fmt::format("signal {}", WTERMSIG(status));
  return what;
}

TEST(ForkedSession, RunsInAChild) {
  for (const Subject& subject : subjects()) {
    SCOPED_TRACE(subject.name);
    Tensor expected = session_of(subject)->run({{"x", input_of(subject)}})[0].tensor();
    for (bool ran : {false, true}) {
      auto session = session_of(subject);
      if (ran) session->run({{"x", input_of(subject)}});
      EXPECT_EQ(failure_in_child([&] { return gives(*session, subject, expected); }), "") << ran;
      EXPECT_EQ(failure_in_child([&] { return gives(*session_of(subject), subject, expected); }),
                "");
      EXPECT_TRUE(gives(*session, subject, expected));
    }
  }
}

TEST(ForkedSession, RunsOnThreadsOfTheChild) {
  for (const Subject& subject : subjects()) {
    SCOPED_TRACE(subject.name);
    auto session = session_of(subject);
    Tensor expected = session->run({{"x", input_of(subject)}})[0].tensor();
    EXPECT_EQ(failure_in_child([&] {
                std::atomic<int> right{0};
                std::vector<std::thread> threads;
                for (int i = 0; i < 3; ++i) {
                  threads.emplace_back([&] { right += gives(*session, subject, expected); });
                }
                right += gives(*session, subject, expected);
                for (auto& thread : threads) thread.join();
                return right == 4;
              }),
              "");
  }
}

TEST(ForkedSession, RunsInAGrandchild) {
  const Subject& subject = subjects()[0];
  auto session = session_of(subject);
  Tensor expected = session->run({{"x", input_of(subject)}})[0].tensor();
  EXPECT_EQ(failure_in_child([&] {
              if (!gives(*session, subject, expected)) return false;
              auto again = [&] {
                return gives(*session, subject, expected) &&
                       gives(*session_of(subject), subject, expected);
              };
              return failure_in_child(again).empty() && again();
            }),
            "");
}

// One thread runs the sessions meanwhile, another makes new ones: it rewrites, plans and packs.
TEST(ForkedSession, RunsWhileOthersAreBusyWithIt) {
#if defined(__SANITIZE_ADDRESS__)
  GTEST_SKIP() << "the sanitizer keeps locks of its allocator that others held at the fork";
#endif
  std::vector<std::unique_ptr<Session>> sessions;
  std::vector<Tensor> expected;
  for (const Subject& subject : subjects()) {
    sessions.push_back(session_of(subject));
    expected.push_back(session_of(subject)->run({{"x", input_of(subject)}})[0].tensor());
  }
  std::atomic<bool> stop{false};
  std::vector<std::thread> busy;
  for (int t = 0; t < 2; ++t) {
    busy.emplace_back([&, t] {
      for (size_t i = static_cast<size_t>(t); !stop; ++i) {
        size_t k = i % subjects().size();
        if (t == 0) sessions[k]->run({{"x", input_of(subjects()[k])}});
        if (t == 1) session_of(subjects()[k])->run({{"x", input_of(subjects()[k])}});
      }
    });
  }
  std::vector<std::string> failures;
  for (size_t i = 0; i < 24; ++i) {
    size_t k = i % subjects().size();
    std::string failure = failure_in_child([&] {
      return gives(*sessions[k], subjects()[k], expected[k]) &&
             gives(*session_of(subjects()[k]), subjects()[k], expected[k]);
    });
    if (!failure.empty()) failures.push_back(subjects()[k].name + ": " + failure);
  }
  stop = true;
  for (auto& thread : busy) thread.join();
  EXPECT_EQ(failures, std::vector<std::string>());
}

}  // namespace
}  // namespace convoy

#endif
