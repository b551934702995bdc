// ONNX's operator schemas, each built when it is first asked for: building all of them, as ONNX's
// own registry does, takes longer than loading most models.
#pragma once

#include <map>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include <onnx/defs/schema.h>

#include "runtime/base/fork.h"
#include "runtime/onnx/protobuf.h"

namespace convoy {

// An operator and the function that builds one version of its schema.
struct SchemaSource {
  const char* name;
  int since_version;
  onnx::OpSchema (*build)();
};

// Every schema of ONNX's library. Thread-safe.
std::span<const SchemaSource> onnx_schemas();

// Thread-safe. Schemas live as long as the process.
class SchemaRegistry final : public onnx::ISchemaRegistry {
 public:
  static const SchemaRegistry& instance();

  // The schema in force at `version` of `domain`, which is "" for ai.onnx; nullptr if there is
  // none.
  const onnx::OpSchema* GetSchema(const std::string& name, int version,
                                  const std::string& domain) const override;

 private:
  struct Entry {
    SchemaSource source;
    std::optional<onnx::OpSchema> schema;
  };

  SchemaRegistry();

  mutable ForkSafeMutex mutex_;
  // Newest versions first.
  mutable std::map<std::string, std::vector<Entry>, std::less<>> entries_;
};

}  // namespace convoy
