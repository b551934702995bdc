// Adds steps to a plan that is being made, among them the copies that bring values into other
// forms.
#pragma once

#include <set>
#include <utility>

#include "runtime/plan/locations.h"

namespace convoy {

class StepWriter {
 public:
  // All outlive the writer.
  StepWriter(Plan& plan, const Analysis& analysis, Locations& locations, const PlanOptions& options)
      : plan_(plan), analysis_(analysis), locations_(locations), options_(options) {}

  // Behind the steps that are there. The storages of its places live until then at least.
  void add(Step step);

  // A step that copies, for `asker`. Between devices both sides are dense and differ in nothing
  // else.
  void copy(const Located& from, const Located& to, NodeId asker);

  // The value in a form that meets the need: as it is, or converted, once for all its readers;
  // constants while planning.
  Located in_form(ValueId id, const Need& need, NodeId asker);

  // Copies the value to the region, which may be on another device, unless it is there.
  void bring(ValueId id, const Located& region, NodeId asker);

  // A place that still names its storage; assign_addresses() turns it into an address.
  static Place draft(const Located& located);

 private:
  void touch(const Place& place, int step);
  void cross(ValueId id, const Located& from, const Located& to, NodeId asker);

  Plan& plan_;
  const Analysis& analysis_;
  Locations& locations_;
  const PlanOptions& options_;
  std::set<std::pair<ValueId, DeviceKind>> crossed_;  // values, and to where
  bool in_flight_ = false;  // copies between devices that no step has waited for
};

}  // namespace convoy
