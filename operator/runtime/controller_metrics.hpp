// What controllers and their queues report, under the names that controller-runtime and client-go use, so
// that dashboards people have already work.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "operator/base/clock.hpp"
#include "operator/runtime/metrics.hpp"
#include "operator/runtime/work_queue.hpp"

namespace patchwave::runtime {

enum class ReconcileOutcome : std::uint8_t {
  Success,
  RequeueAfter,   ///< The reconciler asked for another look.
  Requeue,        ///< A stale view: again after a back-off.
  Error,          ///< Again after a back-off.
  TerminalError,  ///< Invalid: not again until something changes.
};

/// The series of one controller.
class ControllerMetrics {
 public:
  ControllerMetrics(Metrics& metrics, std::string controller, int workers);
  ControllerMetrics(const ControllerMetrics&) = delete;
  ControllerMetrics& operator=(const ControllerMetrics&) = delete;

  void added();
  void retried();
  void taken(microseconds waited);
  void panicked();
  void finished(ReconcileOutcome outcome, microseconds took);
  /// Reads depth and work in progress from `queue` at each scrape, until this object goes. `queue` must
  /// outlive it.
  void follow(const WorkQueue& queue);

 private:
  Metrics& metrics_;
  std::string controller_;
  CounterFamily& reconciles_;
  CounterFamily& errors_;
  CounterFamily& terminal_errors_;
  CounterFamily& panics_;
  HistogramFamily& reconcile_seconds_;
  GaugeFamily& active_workers_;
  CounterFamily& adds_;
  CounterFamily& retries_;
  HistogramFamily& queue_seconds_;
  HistogramFamily& work_seconds_;
  std::shared_ptr<void> refresh_;
};

}  // namespace patchwave::runtime
