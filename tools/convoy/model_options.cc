#include "tools/convoy/model_options.h"

#include "loaders/onnx/reader.h"

namespace convoy::cli {

void add_model_options(CLI::App& command, ModelOptions& options) {
  command.add_option("MODEL", options.path, "an .onnx file")->required();
  command
      .add_option("--device", options.device,
                  "where to run what has a kernel there, as 'convoy devices' lists them")
      ->capture_default_str();
  command.add_option("--threads", options.threads, "threads of one run (0: all that are allowed)")
      ->check(CLI::NonNegativeNumber);
  command.add_option("--tune", options.tuning_file,
                     "choose kernels by measuring them, and remember the choices in this file");
  command
      .add_option(
          "--denormals", options.denormals,
          "numbers below 2^-126 are 0: auto, in the sums that they slow down, keep, nowhere, "
          "flush, everywhere")
      ->check(CLI::IsMember({"auto", "keep", "flush"}))
      ->capture_default_str();
  command.add_flag("--no-optimize", options.no_optimize, "run the graph as it is in the file");
}

SessionOptions session_options(const ModelOptions& options) {
  SessionOptions result;
  result.device = find_device(parse_device(options.device)).id();
  result.subnormals = parse_subnormals(options.denormals);
  result.threads = options.threads;
  result.optimize = !options.no_optimize;
  result.tuning_file = options.tuning_file;
  return result;
}

std::unique_ptr<Session> open_session(const ModelOptions& options) {
  SessionOptions settings = session_options(options);
  return std::make_unique<Session>(read_model(options.path), settings);
}

}  // namespace convoy::cli
