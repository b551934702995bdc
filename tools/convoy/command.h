// The subcommands of the CLI, one file each.
#pragma once

#include <functional>
#include <memory>

#include <CLI/CLI.hpp>

namespace convoy::cli {

// Exit codes of every command.
inline constexpr int kDone = 0;
inline constexpr int kFailed = 1;   // the model or an input is bad, or outputs differ
inline constexpr int kMisused = 2;  // the command line is wrong

// What a subcommand does once the command line is parsed; returns the exit code. Errors are thrown.
using Action = std::function<int()>;

// Each adds its subcommand to `app` and sets `chosen` when that is the one given.
void add_bench(CLI::App& app, Action& chosen);
void add_devices(CLI::App& app, Action& chosen);
void add_explain(CLI::App& app, Action& chosen);
void add_inspect(CLI::App& app, Action& chosen);
void add_optimize(CLI::App& app, Action& chosen);
void add_profile(CLI::App& app, Action& chosen);
void add_run(CLI::App& app, Action& chosen);
void add_test(CLI::App& app, Action& chosen);

// A subcommand that keeps its options alive and runs `body(options)` when it is the one given.
template <typename Options>
CLI::App* add_command(CLI::App& app, Action& chosen, const std::shared_ptr<Options>& options,
                      const std::string& name, const std::string& purpose,
                      const std::string& example, int (*body)(const Options&)) {
  CLI::App* command = app.add_subcommand(name, purpose);
  command->footer("Example:\n  " + example);
  command->callback(
      [options, &chosen, body] { chosen = [options, body] { return body(*options); }; });
  return command;
}

}  // namespace convoy::cli
