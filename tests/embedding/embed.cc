// Runs the model named on the command line on x = 0, 1, 2, … of shape [2, 3]; prints each output,
// what the first begins with when each default is 10 instead, then the first again, written to
// memory of our own. A second argument names the device.
#include <convoy/convoy.hpp>
#include <cstdio>
#include <vector>

int main(int argc, char** argv) {
  if (argc < 2) return 2;
  try {
    convoy::Options options;
    if (argc > 2) options.device = argv[2];
    convoy::Session session(argv[1], options);
    std::vector<float> x = {0, 1, 2, 3, 4, 5};
    auto outputs = session.run({{"x", convoy::view(x.data(), {2, 3})}});
    for (size_t i = 0; i < outputs.size(); ++i) {
      const auto tensor = outputs[i];
      for (size_t j = 0; j < tensor.size(); ++j) std::printf("%g ", tensor.data<float>()[j]);
      std::printf("\n");
    }
    for (const auto& info : session.overridable_initializers()) {
      const float other = 10;
      auto changed = session.run(
          {{"x", convoy::view(x.data(), {2, 3})}, {info.name, convoy::view(&other, {1})}});
      std::printf("%s=10 %g\n", info.name.c_str(), changed[0].data<float>()[1]);
    }
    std::vector<float> first(x.size());
    convoy::Binding binding(session);
    binding.input("x", convoy::view(x.data(), {2, 3}));
    binding.output(session.outputs()[0].name, first.data(), {2, 3});
    binding.run();
    for (float value : first) std::printf("%g ", value);
    std::printf("\n");
  } catch (const convoy::Exception& error) {
    std::fprintf(stderr, "%d: %s\n", error.code(), error.what());
    return 1;
  }
  return 0;
}
