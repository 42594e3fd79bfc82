#include "operator/runtime/manager.hpp"

#include <algorithm>
#include <ranges>
#include <thread>

namespace patchwave::runtime {
namespace {

using SteadyClock = std::chrono::steady_clock;

/// Calls `overrun` when it still exists after `limit`.
class Watchdog {
 public:
  Watchdog(milliseconds limit, std::function<void()> overrun) {
    if (!overrun) return;
    thread_ = std::jthread([this, limit, overrun = std::move(overrun)](std::stop_token stop) {
      std::unique_lock lock(mutex_);
      ended_.wait_for(lock, stop, limit, [] { return false; });
      if (!stop.stop_requested()) overrun();
    });
  }

 private:
  std::mutex mutex_;
  std::condition_variable_any ended_;
  std::jthread thread_;
};

HealthReport ask(const auto& checks) {
  HealthReport report;
  for (const auto& named : checks) report.parts.push_back({named.name, named.check()});
  return report;
}

}  // namespace

bool HealthReport::ok() const {
  return std::ranges::none_of(parts, [](const Part& part) { return part.problem.has_value(); });
}

std::string HealthReport::text() const {
  std::string lines;
  for (const Part& part : parts) {
    lines += part.problem ? "[-] " + part.name + ": " + *part.problem : "[+] " + part.name + " ok";
    lines += '\n';
  }
  return lines;
}

void Manager::add_flush(std::string name, std::function<void()> flush) {
  flushes_.emplace_back(std::move(name), std::move(flush));
}

void Manager::add_liveness(std::string name, HealthCheck check) {
  liveness_.push_back({std::move(name), std::move(check)});
}

void Manager::add_readiness(std::string name, HealthCheck check) {
  readiness_.push_back({std::move(name), std::move(check)});
}

Result<void> Manager::run() {
  auto started = start_all();
  if (started && wait_until_synced() && wait_until_elected()) {
    log_.info("controllers start", {{"controllers", controllers_.size()}});
    for (Controller* controller : controllers_) {
      started = controller->start();
      if (!started) break;
    }
    if (started) wait_until_stopped();
  }
  if (!started) request_stop(started.error().message);
  stop_all();
  if (!started) return started;
  const std::lock_guard lock(mutex_);
  if (failure_) return fail(*failure_);
  return {};
}

void Manager::request_stop(const std::string& reason) {
  const std::lock_guard lock(mutex_);
  stopping_ = true;
  if (!stop_reason_) stop_reason_ = reason;
  changed_.notify_all();
}

HealthReport Manager::live() const {
  return ask(liveness_);
}

HealthReport Manager::ready() const {
  HealthReport report;
  report.parts.push_back({"running", stopping_ ? std::optional<std::string>("shutting down") : std::nullopt});
  for (const Cache& cache : caches_) {
    const std::string name = "cache " + cache.service.name;
    report.parts.push_back({name, cache.synced() ? std::nullopt : std::optional<std::string>("not synced")});
  }
  std::ranges::move(ask(readiness_).parts, std::back_inserter(report.parts));
  return report;
}

Result<void> Manager::start_all() {
  for (const Service& server : servers_) {
    if (auto started = server.start(); !started)
      return fail(started.error().within("starting " + server.name));
    ++servers_started_;
  }
  for (const Cache& cache : caches_) {
    if (auto started = cache.service.start(); !started) {
      return fail(started.error().within("starting cache " + cache.service.name));
    }
    ++caches_started_;
  }
  if (!election_) {
    leading_ = true;
    return {};
  }
  auto elected = [this] {
    const std::lock_guard lock(mutex_);
    leading_ = true;
    changed_.notify_all();
  };
  auto started = election_->start(elected, [this](const std::string& cause) { lost_leadership(cause); });
  if (!started) return fail(started.error().within("starting leader election"));
  election_started_ = true;
  return {};
}

bool Manager::wait_until_synced() {
  std::unique_lock lock(mutex_);
  while (!stopping_) {
    lock.unlock();
    const bool synced = all_synced();
    lock.lock();
    if (synced) return !stopping_;
    changed_.wait_for(lock, options_.sync_poll);
  }
  return false;
}

bool Manager::wait_until_elected() {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [this] { return stopping_ || leading_; });
  return !stopping_;
}

void Manager::wait_until_stopped() {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [this] { return stopping_.load(); });
}

void Manager::lost_leadership(const std::string& cause) {
  // Another process may lead already: nothing that is under way may write from here on.
  calls_.request_stop();
  {
    const std::lock_guard lock(mutex_);
    leading_ = false;
    // On the way down the lease is given back by ourselves, and that is not a failure.
    if (!stopping_ && !failure_)
      failure_ = Error{ErrorKind::Cancelled, "leadership was lost: " + cause, 0, {}, {}};
  }
  request_stop("leadership was lost: " + cause);
}

void Manager::stop_all() {
  const Watchdog watchdog(options_.hard_limit, options_.overrun);
  {
    const std::lock_guard lock(mutex_);
    log_.info("shutting down", {{"reason", stop_reason_.value_or("")}});
  }
  drain_controllers();
  for (const Cache& cache : caches_ | std::views::take(caches_started_) | std::views::reverse)
    cache.service.stop();
  for (const Service& server : servers_ | std::views::take(servers_started_) | std::views::reverse)
    server.stop();
  for (const auto& [name, flush] : flushes_) {
    log_.debug("flushing", {{"what", name}});
    flush();
  }
  if (election_started_) election_->release();
  leading_ = false;
  log_.info("stopped");
}

void Manager::drain_controllers() {
  for (Controller* controller : controllers_) controller->shut_down();
  const auto deadline = SteadyClock::now() + options_.drain;
  for (Controller* controller : controllers_) {
    const auto left = std::chrono::ceil<milliseconds>(deadline - SteadyClock::now());
    if (!controller->wait_until_idle(std::max(left, milliseconds(0)))) {
      log_.warning("reconciles in progress are cut off", {{"controller", controller->name()}});
    }
  }
  calls_.request_stop();
  for (Controller* controller : controllers_) controller->join();
}

bool Manager::all_synced() const {
  return std::ranges::all_of(caches_, [](const Cache& cache) { return cache.synced(); });
}

}  // namespace patchwave::runtime
