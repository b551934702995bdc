#include "runtime/op/formed_operands.h"

#include "runtime/device/convert_view.h"
#include "runtime/op/select_kernel.h"

namespace convoy {

void FormedOperands::add(const TensorView& given, const Need& need, std::vector<TensorView>& views,
                         std::vector<Path>& paths) {
  if (!given.present()) return views.push_back(given);
  Path path{given};
  for (const TensorDesc& desc : copies_to_meet(given, need)) path.push_back(memory_for(desc));
  views.push_back(path.back());
  if (path.size() > 1) paths.push_back(std::move(path));
}

void FormedOperands::add_constant(const Tensor& given, const Need& need) {
  const TensorDesc form = form_for(given.desc(), need);
  const bool fits = form == given.desc();
  constants_.push_back(fits ? given : constant_in_form(given, form, nullptr));
  inputs_.push_back(constants_.back().view());
}

TensorView FormedOperands::memory_for(const TensorDesc& desc) {
  bool strings = desc.dtype == DType::kString;
  held_.push_back(strings ? Buffer::allocate_strings(static_cast<size_t>(desc.count()))
                          : Buffer::allocate(static_cast<size_t>(desc.bytes())));
  return {desc, held_.back()->data()};
}

void FormedOperands::convert_inputs() const {
  for (const Path& path : in_) {
    for (size_t i = 1; i < path.size(); ++i) convert_view(path[i - 1], path[i], threads_);
  }
}

void FormedOperands::convert_outputs() const {
  for (const Path& path : out_) {
    for (size_t i = path.size() - 1; i > 0; --i) convert_view(path[i], path[i - 1], threads_);
  }
}

}  // namespace convoy
