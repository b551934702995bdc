// Runs the model named on the command line: once with outputs that Convoy allocates, then three
// times with memory of our own.
//
// Prints, for the model of write_model.py:
//   input x, of 3 dimensions
//   y [1, 2, 7]: 1 3 5 7 9 11 13 1 1 1 1 1 1 1
//   run 0, last sum: 13
//   run 1, last sum: 14
//   run 2, last sum: 15
#include <convoy/convoy.hpp>
#include <cstdint>
#include <cstdio>
#include <numeric>
#include <vector>

static void run_once(convoy::Session& session, const std::vector<float>& x,
                     const std::vector<int64_t>& shape) {
  const convoy::Outputs outputs = session.run({{"x", convoy::view(x.data(), shape)}});
  const convoy::TensorView y = outputs[0];  // valid as long as `outputs`
  std::printf("y [%d, %d, %d]:", static_cast<int>(y.shape()[0]), static_cast<int>(y.shape()[1]),
              static_cast<int>(y.shape()[2]));
  for (size_t i = 0; i < y.size(); ++i) std::printf(" %g", y.data<float>()[i]);
  std::printf("\n");
}

// Each run reads x and writes y where they lie, and allocates nothing.
static void run_bound(convoy::Session& session, std::vector<float>& x,
                      const std::vector<int64_t>& shape) {
  std::vector<float> y(1 * 2 * 7);
  convoy::Binding binding(session);
  binding.input("x", convoy::view(x.data(), shape));
  binding.output("y", y.data(), {1, 2, 7});
  for (int run = 0; run < 3; ++run) {
    binding.run();
    std::printf("run %d, last sum: %g\n", run, y[6]);
    x[7] += 1;
  }
}

int main(int argc, char** argv) {
  if (argc != 2) {
    std::fprintf(stderr, "usage: %s model.onnx\n", argv[0]);
    return 2;
  }
  try {
    convoy::Options options;
    options.threads = 1;  // of each run; 0 takes what the process may use
    convoy::Session session(argv[1], options);
    for (const convoy::ValueInfo& info : session.inputs()) {
      std::printf("input %s, of %zu dimensions\n", info.name.c_str(), info.shape.size());
    }
    const std::vector<int64_t> shape = {1, 2, 8};
    std::vector<float> x(1 * 2 * 8);
    std::iota(x.begin(), x.end(), 0.0f);
    run_once(session, x, shape);
    run_bound(session, x, shape);
  } catch (const convoy::Exception& error) {
    std::fprintf(stderr, "%s\n", error.what());  // names the file, the node and the reason
    return 1;
  }
  return 0;
}
