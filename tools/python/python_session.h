// What convoy.InferenceSession is made of.
#pragma once

#include <atomic>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include <nanobind/nanobind.h>

#include "runtime/session/cancellation.h"
#include "runtime/session/session.h"
#include "tools/python/without_gil.h"

namespace convoy::python {

// Set by one thread, read by the runs of others.
struct StopFlag {
  std::atomic<bool> stopped = false;
};

// The model's texts, by onnxruntime's names for them.
nanobind::dict metadata_of(const Model& model);

class PythonSession {
 public:
  // `settings` has the entries that Session's constructor in _convoy.pyi tells of.
  PythonSession(const nanobind::object& source, const nanobind::dict& settings);

  // Outputs of these names, all of them if there are none. `stop` may be nullptr.
  nanobind::list run(const std::vector<std::string>& names, const nanobind::dict& feeds,
                     const StopFlag* stop);

  enum class Kind { kInputs, kOutputs, kOverridable };
  // (name, type as onnxruntime spells it, number of the element type, shape) for each; sizes are
  // numbers, symbols or None.
  nanobind::list describe(Kind kind) const;
  nanobind::dict metadata() const { return metadata_; }
  std::string report() const { return session_->report().to_text(); }
  int threads() const { return session_->threads(); }

  // (name, operator, kernel, output type, start and duration in nanoseconds, thread) of every step
  // and every run since the last call, for sessions that record them. Starts count from the making
  // of the session; the operator of a whole run is "".
  nanobind::list take_profile();
  // (domain, operator, name) of the nodes of the model as it was read, if the settings ask for it.
  nanobind::list nodes() const { return nodes_; }

  Session& session() { return *session_; }
  // The value for that input, borrowed from `object` where that can be.
  Value feed(const std::string& name, nanobind::handle object) const;
  // Calls run(observer) without the GIL; the observer is nullptr unless runs are recorded.
  template <typename Run>
  void supervise(const StopFlag* stop, const Run& run) {
    WithoutGil released;
    CancellationScope scope(stop == nullptr ? nullptr : &stop->stopped);
    if (!recording_) return run(nullptr);
    std::vector<StepTime> steps;
    auto start = std::chrono::steady_clock::now();
    StepObserver observer = record_steps(steps);
    run(&observer);
    record(start, std::move(steps));
  }

 private:
  struct Event {
    StepTime step;  // starts count from the making of the session
    uint64_t thread;
  };
  void record(std::chrono::steady_clock::time_point start, std::vector<StepTime> steps);

  std::unique_ptr<Session> session_;
  nanobind::dict metadata_;
  nanobind::list nodes_;
  bool recording_ = false;
  std::chrono::steady_clock::time_point made_ = std::chrono::steady_clock::now();
  std::mutex mutex_;
  std::vector<Event> events_;
};

}  // namespace convoy::python
