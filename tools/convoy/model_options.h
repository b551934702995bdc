// Options that every command has that loads a model.
#pragma once

#include <string>

#include <CLI/CLI.hpp>

#include "runtime/session/session.h"

namespace convoy::cli {

struct ModelOptions {
  std::string path;
  std::string device = "cpu";
  std::string denormals = "auto";
  int threads = 0;
  bool no_optimize = false;
  std::string tuning_file;
};

void add_model_options(CLI::App& command, ModelOptions& options);

SessionOptions session_options(const ModelOptions& options);

// Loads and prepares the model; throws Error.
std::unique_ptr<Session> open_session(const ModelOptions& options);

}  // namespace convoy::cli
