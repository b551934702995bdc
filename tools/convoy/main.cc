#include <cstdio>

#include "runtime/base/caught.h"
#include "tools/convoy/command.h"
#include "tools/convoy/nearest.h"

namespace convoy::cli {
namespace {

// CLI11's own message for a mistyped command says nothing of the command.
std::string unknown_command(const CLI::App& app, int argc, char** argv) {
  if (argc < 2 || argv[1][0] == '-') return "";
  std::vector<std::string> names;
  for (const CLI::App* command : app.get_subcommands(nullptr)) {
    if (command->get_name() == argv[1]) return "";
    names.push_back(command->get_name());
  }
  std::string nearest = nearest_name(argv[1], names);
  std::string hint = nearest.empty() ? "" : fmt::format("; did you mean '{}'?", nearest);
  return fmt::format("there is no command '{}'{} (convoy --help lists them)", argv[1], hint);
}

int run(int argc, char** argv) {
  CLI::App app{"Convoy runs ONNX models and makes them better.", "convoy"};
  app.require_subcommand(1);
  app.set_version_flag("--version", "convoy " CONVOY_VERSION);
  app.footer(
      "Example:\n  convoy run model.onnx --input x=x.npy --output out/\n"
      "convoy COMMAND --help explains a command.");
  Action chosen;
  add_run(app, chosen);
  add_test(app, chosen);
  add_optimize(app, chosen);
  add_bench(app, chosen);
  add_profile(app, chosen);
  add_inspect(app, chosen);
  add_explain(app, chosen);
  add_devices(app, chosen);
  if (std::string problem = unknown_command(app, argc, argv); !problem.empty()) {
    std::fprintf(stderr, "convoy: %s\n", problem.c_str());
    return kMisused;
  }
  try {
    app.parse(argc, argv);
  } catch (const CLI::Success& success) {
    return app.exit(success);
  } catch (const CLI::ParseError& error) {
    std::fprintf(stderr, "convoy: %s\n", error.what());
    return kMisused;
  }
  return chosen();
}

}  // namespace
}  // namespace convoy::cli

int main(int argc, char** argv) {
  try {
    return convoy::cli::run(argc, argv);
  } catch (const std::exception&) {
    std::fprintf(stderr, "convoy: %s\n", convoy::caught_error().what());
    return convoy::cli::kFailed;
  }
}
