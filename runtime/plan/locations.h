// While a plan is made: which storage every value lies in, and who still reads it.
#pragma once

#include <vector>

#include "runtime/plan/analysis.h"
#include "runtime/plan/plan.h"

namespace convoy {

// A block of memory of the plan. Values are regions of storages.
struct Storage {
  Home home = Home::kArena;
  DeviceId device;
  int index = 0;      // of the input, output or constant
  int64_t bytes = 0;  // arena only
  int first = -1;     // step that touches it first, -1: none yet
  int last = -1;
  int pending = 0;      // reads by graph nodes that are still to come
  bool pinned = false;  // never written again: no in-place reuse
};

struct Located {
  int storage = -1;
  int64_t byte_offset = 0;
  TensorDesc desc;

  bool known() const { return storage >= 0; }
  // The same bytes read the same way (strides of unit dimensions do not matter).
  bool same_region(const Located& other) const;
};

class Locations {
 public:
  Locations(const Graph& graph, const Analysis& analysis);

  int add_storage(Home home, DeviceId device, int index, int64_t bytes = 0);
  Storage& storage(int id) { return storages_[static_cast<size_t>(id)]; }
  const std::vector<Storage>& storages() const { return storages_; }

  // A fresh arena block of exactly this type, on its device.
  Located add_arena(const TensorDesc& desc);

  // Where the value is (constants: their storage, made on demand); not known() if nowhere yet.
  Located main(ValueId id);
  void set_main(ValueId id, const Located& located);
  // Copies of the value in another layout or region, or on another device.
  const std::vector<Located>& alternates(ValueId id) const { return others_[index_of(id)]; }
  void add_alternate(ValueId id, const Located& located);
  // The value where a kernel that needs this of it may read it; not known() if nowhere yet.
  Located that_meets(ValueId id, const Need& need);
  // The constant `id` in another form.
  Located add_constant(ValueId id, Tensor converted);
  // True if the value, or a copy of it, is at exactly this region.
  bool is_at(ValueId id, const Located& region);
  // The value on this device: its main place, or else a copy; not known() if it is not there.
  Located on_device(ValueId id, DeviceId device);

  // Where the value's producer should write it; not known() if anywhere will do.
  const Located& wish(ValueId id) const { return wishes_[index_of(id)]; }
  void set_wish(ValueId id, const Located& region) { wishes_[index_of(id)] = region; }

  // One reader of the value is done.
  void finish_read(ValueId id);
  // Reads to come, as the value is placed.
  int read_count(ValueId id) const;

  const std::vector<Tensor>& constants() const { return constants_; }

 private:
  Located place_constant(Tensor tensor);

  const Graph& graph_;
  const Analysis& analysis_;
  std::vector<Storage> storages_;
  std::vector<Located> mains_;
  std::vector<Located> wishes_;
  std::vector<std::vector<Located>> others_;
  std::vector<Tensor> constants_;
};

// Whether so little of integers that the host is done with it before another device is asked.
bool is_small_integer(const TensorDesc& desc);

// Decides, from the outputs backwards, which values are written straight into a graph output or
// into the region of an operator that lays its inputs side by side. `outputs` are the places of the
// graph's; the regions lie on `device` where it pays.
void wish_places(const Graph& graph, const Analysis& analysis, Locations& locations,
                 const std::vector<Located>& outputs, DeviceId device);

// The region of input i in the output of an operator with OpDef::part, whose output is at `whole`.
Located part_region(const Graph& graph, const Analysis& analysis, const Node& node, int i,
                    const Located& whole);

// A request with the operands' contiguous types, as the rules of an operator want it.
KernelRequest plain_request(const Graph& graph, const Analysis& analysis, const Node& node);

}  // namespace convoy
