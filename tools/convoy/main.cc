#include <cstdio>

#include "runtime/base/error.h"
#include "tools/convoy/command.h"

int main(int argc, char** argv) {
  using namespace convoy;
  CLI::App app{"Convoy runs ONNX models and makes them better.", "convoy"};
  app.require_subcommand(1);
  cli::Action chosen;
  cli::add_test(app, chosen);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    int code = app.exit(error);
    return code == 0 ? cli::kDone : cli::kMisused;
  }
  try {
    return chosen();
  } catch (const std::exception& error) {
    std::fprintf(stderr, "convoy: %s\n", error.what());
    return cli::kFailed;
  }
}
