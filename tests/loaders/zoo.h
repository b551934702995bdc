// The models of the shared zoo, where it is at hand.
#pragma once

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <vector>

#include <source_dir.h>

namespace convoy {

// CONVOY_ZOO, or shared/zoo/public in the closest folder above the sources that has one.
inline std::filesystem::path zoo_folder() {
  namespace fs = std::filesystem;
  if (const char* set = std::getenv("CONVOY_ZOO")) return set;
  for (fs::path up = CONVOY_SOURCE_DIR; up.has_relative_path(); up = up.parent_path()) {
    if (fs::exists(up / "shared/zoo/public")) return up / "shared/zoo/public";
  }
  return {};
}

// Paths of model.onnx files, sorted; empty where there is no zoo.
inline std::vector<std::string> zoo_models() {
  namespace fs = std::filesystem;
  std::vector<std::string> models;
  std::error_code problem;
  for (const auto& entry : fs::directory_iterator(zoo_folder(), problem)) {
    fs::path model = entry.path() / "model.onnx";
    if (fs::exists(model)) models.push_back(model.string());
  }
  std::sort(models.begin(), models.end());
  return models;
}

}  // namespace convoy
