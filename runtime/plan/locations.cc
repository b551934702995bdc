#include "runtime/plan/locations.h"

#include <algorithm>

#include "runtime/op/evaluate.h"
#include "runtime/op/select_kernel.h"

namespace convoy {

bool Located::same_region(const Located& other) const {
  if (storage != other.storage || byte_offset != other.byte_offset) return false;
  if (desc.dtype != other.desc.dtype || !(desc.shape == other.desc.shape)) return false;
  if (desc.device != other.desc.device) return false;
  if (!(desc.layout == other.desc.layout)) return false;
  for (int i = 0; i < desc.rank(); ++i) {
    if (desc.shape[i] > 1 && desc.strides[i] != other.desc.strides[i]) return false;
  }
  return true;
}

Locations::Locations(const Graph& graph, const Analysis& analysis)
    : graph_(graph), analysis_(analysis) {
  mains_.resize(graph.value_count());
  wishes_.resize(graph.value_count());
  others_.resize(graph.value_count());
}

int Locations::add_storage(Home home, DeviceId device, int index, int64_t bytes) {
  Storage added;
  added.home = home;
  added.device = device;
  added.index = index;
  added.bytes = bytes;
  storages_.push_back(added);
  return static_cast<int>(storages_.size()) - 1;
}

Located Locations::add_arena(const TensorDesc& desc) {
  return {add_storage(Home::kArena, desc.device, 0, desc.bytes()), 0, desc};
}

Located Locations::main(ValueId id) {
  Located& located = mains_[index_of(id)];
  const ValueFacts& facts = analysis_.values[index_of(id)];
  if (!located.known() && facts.kind == ValueFacts::Kind::kConstant) {
    located = place_constant(facts.constant);
  }
  return located;
}

void Locations::set_main(ValueId id, const Located& located) {
  mains_[index_of(id)] = located;
  storage(located.storage).pending += read_count(id);
}

void Locations::add_alternate(ValueId id, const Located& located) {
  others_[index_of(id)].push_back(located);
  storage(located.storage).pinned = true;
}

Located Locations::that_meets(ValueId id, const Need& need) {
  Located home = main(id);
  if (home.known() && meets(home.desc, need)) return home;
  for (const Located& other : alternates(id)) {
    if (meets(other.desc, need)) return other;
  }
  return {};
}

Located Locations::add_constant(ValueId id, Tensor converted) {
  Located located = place_constant(std::move(converted));
  add_alternate(id, located);
  return located;
}

Located Locations::place_constant(Tensor tensor) {
  const TensorDesc desc = tensor.desc();
  int id = add_storage(Home::kConstant, desc.device, static_cast<int>(constants_.size()));
  storage(id).pinned = true;
  constants_.push_back(std::move(tensor));
  return {id, 0, desc};
}

bool Locations::is_at(ValueId id, const Located& region) {
  if (main(id).same_region(region)) return true;
  const auto& others = alternates(id);
  return std::any_of(others.begin(), others.end(),
                     [&](const Located& other) { return other.same_region(region); });
}

Located Locations::on_device(ValueId id, DeviceId device) {
  Located place = main(id);
  if (place.known() && place.desc.device == device) return place;
  for (const Located& other : alternates(id)) {
    if (other.desc.device == device) return other;
  }
  return {};
}

int Locations::read_count(ValueId id) const {
  const ValueInfo& info = graph_.value(id);
  auto outputs = std::count(graph_.outputs().begin(), graph_.outputs().end(), id);
  return static_cast<int>(info.uses.size()) + (info.is_output ? static_cast<int>(outputs) : 0);
}

void Locations::finish_read(ValueId id) {
  Located located = mains_[index_of(id)];
  if (located.known()) --storage(located.storage).pending;
}

KernelRequest plain_request(const Graph& graph, const Analysis& analysis, const Node& node) {
  KernelRequest request(graph, node);
  for (ValueId input : node.inputs) {
    if (input == ValueId::kNone) {
      request.inputs.emplace_back();
      request.constants.push_back(nullptr);
      continue;
    }
    const ValueFacts& facts = analysis.values[index_of(input)];
    request.inputs.push_back(TensorDesc::contiguous(facts.desc.dtype, facts.desc.shape));
    bool constant = facts.kind == ValueFacts::Kind::kConstant;
    request.constants.push_back(constant ? &facts.constant : nullptr);
  }
  for (ValueId output : node.outputs) {
    request.outputs.push_back(output == ValueId::kNone ? TensorDesc{}
                                                       : analysis.values[index_of(output)].desc);
  }
  return request;
}

Located part_region(const Graph& graph, const Analysis& analysis, const Node& node, int i,
                    const Located& whole) {
  KernelRequest request = plain_request(graph, analysis, node);
  request.outputs[0] = whole.desc;
  ViewSpec spec = analysis.nodes[index_of(node.id)].definition->part(request, i);
  int64_t bytes = spec.offset * static_cast<int64_t>(size_of(whole.desc.dtype));
  return {whole.storage, whole.byte_offset + bytes,
          TensorDesc{whole.desc.dtype, spec.shape, spec.strides, {}, whole.desc.device}};
}

namespace {

class Wishes {
 public:
  Wishes(const Graph& graph, const Analysis& analysis, Locations& locations, DeviceId device)
      : graph_(graph), analysis_(analysis), locations_(locations), device_(device) {}

  // Asks the producer of `id` to write it to `region`; says nothing if it cannot.
  void ask(ValueId id, const Located& region) {
    const ValueFacts& facts = analysis_.values[index_of(id)];
    if (facts.kind != ValueFacts::Kind::kStatic || locations_.wish(id).known()) return;
    NodeId producer = graph_.value(id).producer;
    if (producer == NodeId::kNone || facts.desc.dtype == DType::kString) return;
    const Node& node = graph_.node(producer);
    const OpDef& definition = *analysis_.nodes[index_of(producer)].definition;
    if (!definition.view) return locations_.set_wish(id, region);
    KernelRequest request = plain_request(graph_, analysis_, node);
    if (!gives_only_views(definition, request)) return locations_.set_wish(id, region);
    auto spec = definition.view(request, graph_.value(id).producer_slot);
    if (auto behind = look_through(request.input(0), *spec, region)) {
      ask(node.inputs[0], *behind);
    }
  }

  void ask_parts(const Node& node) {
    const NodeFacts& facts = analysis_.nodes[index_of(node.id)];
    if (facts.kind != NodeFacts::Kind::kStatic || !facts.definition->part) return;
    ValueId whole = node.outputs[0];
    TensorDesc desc = analysis_.values[index_of(whole)].desc;
    if (desc.dtype == DType::kString) return;
    if (!locations_.wish(whole).known()) {
      if (!is_small_integer(desc)) desc.device = device_;
      locations_.set_wish(whole, locations_.add_arena(desc));
    }
    for (size_t i = 0; i < node.inputs.size(); ++i) {
      if (node.inputs[i] == ValueId::kNone) continue;
      ask(node.inputs[i],
          part_region(graph_, analysis_, node, static_cast<int>(i), locations_.wish(whole)));
    }
  }

 private:
  // A node with one result that is no view copies the others too.
  static bool gives_only_views(const OpDef& definition, const KernelRequest& request) {
    for (int j = 0; j < request.output_count(); ++j) {
      if (request.has_output(j) && !definition.view(request, j)) return false;
    }
    return true;
  }

  // The region of a view's source when the view itself lies at `region`, if the view only permutes
  // axes and adds or drops axes of size 1, or reshapes what is contiguous on both sides.
  static std::optional<Located> look_through(const TensorDesc& source, const ViewSpec& spec,
                                             const Located& region) {
    if (spec.offset != 0 || element_count(spec.shape) != source.count()) return std::nullopt;
    Located behind = region;
    behind.desc.shape = source.shape;
    behind.desc.strides = contiguous_strides(source.shape);
    bool same_order = convoy::is_contiguous(spec.shape, spec.strides);
    if (same_order && region.desc.is_contiguous()) return behind;
    for (int i = 0; i < source.rank(); ++i) {
      if (source.shape[i] == 1) continue;
      int match = -1;
      for (int j = 0; j < spec.shape.rank(); ++j) {
        bool same = spec.shape[j] == source.shape[i] && spec.strides[j] == source.strides[i];
        if (same) match = j;
      }
      if (match < 0) return std::nullopt;
      behind.desc.strides[i] = region.desc.strides[match];
    }
    return behind;
  }

  const Graph& graph_;
  const Analysis& analysis_;
  Locations& locations_;
  const DeviceId device_;
};

}  // namespace

bool is_small_integer(const TensorDesc& desc) {
  return is_small_operand(desc) && (is_signed_integer(desc.dtype) ||
                                    is_unsigned_integer(desc.dtype) || desc.dtype == DType::kBool);
}

void wish_places(const Graph& graph, const Analysis& analysis, Locations& locations,
                 const std::vector<Located>& outputs, DeviceId device) {
  Wishes wishes(graph, analysis, locations, device);
  for (size_t k = 0; k < graph.outputs().size(); ++k) {
    ValueId id = graph.outputs()[k];
    if (analysis.values[index_of(id)].kind != ValueFacts::Kind::kStatic) continue;
    wishes.ask(id, outputs[k]);
  }
  for (auto id = analysis.order.rbegin(); id != analysis.order.rend(); ++id) {
    wishes.ask_parts(graph.node(*id));
  }
}

}  // namespace convoy
