#include "operator/runtime/controller.hpp"

#include <exception>
#include <system_error>

namespace patchwave::runtime {
namespace {

Json describe(const std::string& controller, const std::string& key, const Error& error) {
  Json fields = {{"controller", controller}, {"key", key}, {"error", error.message}};
  fields["kind"] = to_string(error.kind);
  return fields;
}

}  // namespace

Controller::Controller(ControllerOptions options, Reconcile reconcile, const Clock& clock, Log& log,
                       Metrics& metrics)
    : options_(std::move(options)),
      reconcile_(std::move(reconcile)),
      clock_(clock),
      log_(log),
      queue_(clock, options_.backoff),
      metrics_(metrics, options_.name, options_.workers) {
  metrics_.follow(queue_);
}

Controller::~Controller() {
  join();
}

void Controller::enqueue(const std::string& key, Priority priority) {
  if (queue_.add(key, priority)) metrics_.added();
}

void Controller::enqueue_after(const std::string& key, milliseconds delay, Priority priority) {
  queue_.add_after(key, delay, priority);
}

Result<void> Controller::start() {
  if (!workers_.empty()) return {};
  try {
    for (int i = 0; i < options_.workers; ++i) workers_.emplace_back([this] { work(); });
  } catch (const std::system_error& error) {
    return fail(ErrorKind::Internal,
                "starting the workers of controller " + options_.name + ": " + error.what());
  }
  return {};
}

void Controller::shut_down() {
  queue_.shut_down();
}

bool Controller::wait_until_idle(milliseconds limit) {
  return queue_.wait_until_idle(limit);
}

void Controller::join() {
  queue_.shut_down();
  workers_.clear();
}

bool Controller::run_one() {
  const auto item = queue_.try_take();
  if (!item) return false;
  process(*item);
  return true;
}

void Controller::work() {
  while (const auto item = queue_.take()) process(*item);
}

void Controller::process(const KeyQueue::Item& item) {
  metrics_.taken(item.waited);
  const MonotonicTime begun = clock_.monotonic();
  const ReconcileOutcome outcome = settle(item.key, reconcile_guarded(item.key));
  metrics_.finished(outcome, clock_.monotonic() - begun);
  queue_.done(item.key);
}

Result<ReconcileResult> Controller::reconcile_guarded(const std::string& key) {
  try {
    return reconcile_(key);
  } catch (const std::exception& exception) {
    metrics_.panicked();
    return fail(ErrorKind::Internal, std::string("the reconciler threw an exception: ") + exception.what());
  } catch (...) {
    metrics_.panicked();
    return fail(ErrorKind::Internal, "the reconciler threw something that is not an exception");
  }
}

ReconcileOutcome Controller::settle(const std::string& key, const Result<ReconcileResult>& result) {
  if (result) {
    queue_.forget(key);
    if (!result->requeue_after) return ReconcileOutcome::Success;
    queue_.add_after(key, *result->requeue_after);
    return ReconcileOutcome::RequeueAfter;
  }
  const Error& error = result.error();
  if (error.kind == ErrorKind::Invalid) {
    queue_.forget(key);
    log_.error("reconcile failed; not tried again before something changes",
               describe(options_.name, key, error));
    return ReconcileOutcome::TerminalError;
  }
  const milliseconds pause = queue_.add_failed(key, error.retry_after.value_or(milliseconds(0)));
  metrics_.retried();
  Json fields = describe(options_.name, key, error);
  fields["retry_in_ms"] = pause.count();
  if (error.kind == ErrorKind::Conflict || error.kind == ErrorKind::Cancelled) {
    log_.debug("reconcile met a stale view or the end of the process", fields);
    return ReconcileOutcome::Requeue;
  }
  log_.error("reconcile failed", fields);
  return ReconcileOutcome::Error;
}

}  // namespace patchwave::runtime
