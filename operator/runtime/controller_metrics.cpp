#include "operator/runtime/controller_metrics.hpp"

namespace patchwave::runtime {
namespace {

const std::vector<std::string> kResults = {"success", "requeue_after", "requeue", "error"};

// client-go's buckets for queues, and controller-runtime's for reconciles, thinned out: seconds.
const std::vector<double> kQueueBuckets = {1e-5, 1e-4, 1e-3, 1e-2, 0.1, 1, 10, 100, 1000};
const std::vector<double> kReconcileBuckets = {0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5,
                                               1,     2.5,  5,     10,   30,  60};

double in_seconds(microseconds duration) {
  return std::chrono::duration<double>(duration).count();
}

const char* result_label(ReconcileOutcome outcome) {
  switch (outcome) {
    case ReconcileOutcome::Success:
      return "success";
    case ReconcileOutcome::RequeueAfter:
      return "requeue_after";
    case ReconcileOutcome::Requeue:
      return "requeue";
    case ReconcileOutcome::Error:
    case ReconcileOutcome::TerminalError:
      break;
  }
  return "error";
}

}  // namespace

ControllerMetrics::ControllerMetrics(Metrics& metrics, std::string controller, int workers)
    : metrics_(metrics),
      controller_(std::move(controller)),
      reconciles_(metrics.counter("controller_runtime_reconcile_total",
                                  "Reconciles, by controller and result.",
                                  {{"controller"}, {"result", kResults}})),
      errors_(metrics.counter("controller_runtime_reconcile_errors_total",
                              "Reconciles that ended in an error.", {{"controller"}})),
      terminal_errors_(metrics.counter("controller_runtime_terminal_reconcile_errors_total",
                                       "Reconciles that ended in an error which is not tried again.",
                                       {{"controller"}})),
      panics_(metrics.counter("controller_runtime_reconcile_panics_total",
                              "Reconciles that threw an exception.", {{"controller"}})),
      reconcile_seconds_(metrics.histogram("controller_runtime_reconcile_time_seconds",
                                           "How long a reconcile takes.", kReconcileBuckets,
                                           {{"controller"}})),
      active_workers_(
          metrics.gauge("controller_runtime_active_workers", "Workers that are at work.", {{"controller"}})),
      adds_(metrics.counter("workqueue_adds_total", "Keys added to the queue.", {{"name"}})),
      retries_(metrics.counter("workqueue_retries_total", "Keys added again after a failure.", {{"name"}})),
      queue_seconds_(metrics.histogram("workqueue_queue_duration_seconds",
                                       "How long a key waits in the queue.", kQueueBuckets, {{"name"}})),
      work_seconds_(metrics.histogram("workqueue_work_duration_seconds", "How long a key is with a worker.",
                                      kQueueBuckets, {{"name"}})) {
  metrics.gauge("controller_runtime_max_concurrent_reconciles", "Workers that there are.", {{"controller"}})
      .set({controller_}, workers);
  for (auto* family : {&reconciles_, &errors_, &terminal_errors_, &panics_, &adds_, &retries_}) {
    family->declare({controller_});
  }
  for (auto* family : {&reconcile_seconds_, &queue_seconds_, &work_seconds_}) family->declare({controller_});
  active_workers_.declare({controller_});
}

void ControllerMetrics::added() {
  adds_.increment({controller_});
}

void ControllerMetrics::retried() {
  retries_.increment({controller_});
}

void ControllerMetrics::taken(microseconds waited) {
  queue_seconds_.observe({controller_}, in_seconds(waited));
  active_workers_.add({controller_}, 1);
}

void ControllerMetrics::panicked() {
  panics_.increment({controller_});
}

void ControllerMetrics::finished(ReconcileOutcome outcome, microseconds took) {
  active_workers_.add({controller_}, -1);
  reconciles_.increment({controller_, result_label(outcome)});
  if (outcome == ReconcileOutcome::TerminalError) terminal_errors_.increment({controller_});
  if (outcome == ReconcileOutcome::TerminalError || outcome == ReconcileOutcome::Error) {
    errors_.increment({controller_});
  }
  reconcile_seconds_.observe({controller_}, in_seconds(took));
  work_seconds_.observe({controller_}, in_seconds(took));
}

void ControllerMetrics::follow(const WorkQueue& queue) {
  auto& depth = metrics_.gauge("workqueue_depth", "Keys that are due and not with a worker.", {{"name"}});
  auto& unfinished = metrics_.gauge("workqueue_unfinished_work_seconds",
                                    "How long the keys now in progress have been so, summed.", {{"name"}});
  auto& longest = metrics_.gauge("workqueue_longest_running_processor_seconds",
                                 "How long the longest of the keys in progress has been so.", {{"name"}});
  refresh_ = metrics_.before_scrape([&queue, &depth, &unfinished, &longest, name = controller_] {
    const KeyQueue::Statistics statistics = queue.statistics();
    depth.set({name}, static_cast<double>(statistics.ready));
    unfinished.set({name}, in_seconds(statistics.unfinished_work));
    longest.set({name}, in_seconds(statistics.longest_running));
  });
}

}  // namespace patchwave::runtime
