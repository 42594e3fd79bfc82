// A controller: a queue of keys, the function that looks at one, and the threads that call it.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "operator/base/clock.hpp"
#include "operator/base/log.hpp"
#include "operator/base/result.hpp"
#include "operator/runtime/controller_metrics.hpp"
#include "operator/runtime/work_queue.hpp"

namespace patchwave::runtime {

struct ReconcileResult {
  std::optional<milliseconds>
      requeue_after;  ///< Look again then, whatever happens before. Unset: when something changes.
};

/// Looks at the object `key` ("namespace/name") and moves it on. Called for one key by one thread at a time.
/// What follows an error depends on its kind:
///   Invalid         not tried again until something changes: the same input gives the same answer;
///   Conflict        tried again after a back-off, silently: the view was stale;
///   Cancelled       tried again after a back-off, silently: the process is going down;
///   anything else   logged, and tried again after a back-off, or after retry_after when that is longer.
/// An exception counts as an Internal error. Neither ends the worker or keeps other keys waiting.
using Reconcile = std::function<Result<ReconcileResult>(const std::string& key)>;

struct ControllerOptions {
  std::string name;  ///< Value of the label `controller`, "patchwave".
  int workers = 1;
  Backoff backoff;
};

class Controller {
 public:
  /// All references must outlive the controller.
  /// `reconcile` is called until join() returns.
  Controller(ControllerOptions options, Reconcile reconcile, const Clock& clock, Log& log, Metrics& metrics);
  ~Controller();
  Controller(const Controller&) = delete;
  Controller& operator=(const Controller&) = delete;

  [[nodiscard]] const std::string& name() const { return options_.name; }

  /// May be called at any time, also before start(): keys gather until there are workers.
  void enqueue(const std::string& key, Priority priority = Priority::Live);
  void enqueue_after(const std::string& key, milliseconds delay, Priority priority = Priority::Live);

  /// Starts the workers, once.
  Result<void> start();
  /// No new key is begun from now on. Does not wait.
  void shut_down();
  /// After shut_down(): waits for the keys in progress, for `limit` at most. True when none is left.
  bool wait_until_idle(milliseconds limit);
  /// shut_down(), then waits for the workers without limit.
  void join();

  /// Takes one key that is due, if any, and reconciles it on the caller's thread: how a simulation drives
  /// a controller that was never started. False when nothing was due.
  bool run_one();
  /// When run_one() has something to do; nullopt when nothing is wanted.
  [[nodiscard]] std::optional<MonotonicTime> next_due() const { return queue_.next_due(); }
  [[nodiscard]] KeyQueue::Statistics statistics() const { return queue_.statistics(); }

 private:
  void work();
  void process(const KeyQueue::Item& item);
  Result<ReconcileResult> reconcile_guarded(const std::string& key);
  ReconcileOutcome settle(const std::string& key, const Result<ReconcileResult>& result);

  ControllerOptions options_;
  Reconcile reconcile_;
  const Clock& clock_;
  Log& log_;
  WorkQueue queue_;
  ControllerMetrics metrics_;
  std::vector<std::jthread> workers_;
};

}  // namespace patchwave::runtime
