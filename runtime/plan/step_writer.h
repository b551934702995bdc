// Adds steps to a plan that is being made, among them the copies that bring values into other
// forms.
#pragma once

#include "runtime/plan/locations.h"

namespace convoy {

class StepWriter {
 public:
  // All outlive the writer; `weights` may be nullptr.
  StepWriter(Plan& plan, const Analysis& analysis, Locations& locations, WeightCache* weights)
      : plan_(plan), analysis_(analysis), locations_(locations), weights_(weights) {}

  // Behind the steps that are there. The storages of its places live until then at least.
  void add(Step step);

  // A step that copies, for `asker`.
  void copy(const Located& from, const Located& to, NodeId asker);

  // The value, whose main copy does not meet the need, in a form that does; converted once and
  // remembered, constants while planning.
  Located in_form(ValueId id, const Need& need, NodeId asker);

  // A place that still names its storage; assign_addresses() turns it into an address.
  static Place draft(const Located& located);

 private:
  void touch(const Place& place, int step);

  Plan& plan_;
  const Analysis& analysis_;
  Locations& locations_;
  WeightCache* weights_;
};

}  // namespace convoy
