// The subcommands of the CLI, one file each.
#pragma once

#include <functional>

#include <CLI/CLI.hpp>

namespace convoy::cli {

// Exit codes of every command.
inline constexpr int kDone = 0;
inline constexpr int kFailed = 1;   // the model or an input is bad, or outputs differ
inline constexpr int kMisused = 2;  // the command line is wrong

// What a subcommand does once the command line is parsed; returns the exit code. Errors are thrown.
using Action = std::function<int()>;

// Each adds its subcommand to `app` and sets `chosen` when that is the one given.
void add_test(CLI::App& app, Action& chosen);

}  // namespace convoy::cli
