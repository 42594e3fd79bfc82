#include "operator/runtime/work_queue.hpp"

#include <algorithm>

namespace patchwave::runtime {
namespace {

// A wait is cut into pieces: condition variables measure another clock than ours (CLOCK_BOOTTIME), and
// after a suspended machine wakes up the two disagree.
constexpr microseconds kLongestWait = seconds(10);

}  // namespace

milliseconds Backoff::after(int failures) const {
  if (failures <= 0) return milliseconds(0);
  milliseconds pause = base;
  for (int doubled = 1; doubled < failures && pause < cap; ++doubled) pause *= 2;
  return std::min(pause, cap);
}

bool KeyQueue::add(const std::string& key, MonotonicTime now, Priority priority) {
  Entry& entry = entries_[key];
  drop_due(key, entry);
  const bool raised = priority < entry.priority;
  if (raised) entry.priority = priority;
  if (raised && entry.place) {
    ready_.erase(*entry.place);
    enter_ready(key, entry);
  }
  return want(key, entry, now);
}

void KeyQueue::add_after(const std::string& key, milliseconds delay, MonotonicTime now, Priority priority) {
  if (delay <= milliseconds(0)) {
    add(key, now, priority);
    return;
  }
  Entry& entry = entries_[key];
  entry.priority = std::min(entry.priority, priority);
  if (entry.dirty) return;
  const MonotonicTime due = now + delay;
  if (entry.due && *entry.due <= due) return;
  drop_due(key, entry);
  entry.due = due;
  delayed_.emplace(due, key);
}

milliseconds KeyQueue::add_failed(const std::string& key, MonotonicTime now, milliseconds at_least) {
  Entry& entry = entries_[key];
  constexpr int kMostCounted = 1'000'000;
  entry.failures = std::min(entry.failures + 1, kMostCounted);
  const milliseconds pause = std::max(backoff_.after(entry.failures), at_least);
  add_after(key, pause, now, entry.priority);
  return pause;
}

void KeyQueue::forget(const std::string& key) {
  const auto at = entries_.find(key);
  if (at == entries_.end()) return;
  at->second.failures = 0;
  drop_if_idle(at);
}

int KeyQueue::failures(const std::string& key) const {
  const auto at = entries_.find(key);
  return at == entries_.end() ? 0 : at->second.failures;
}

std::optional<KeyQueue::Item> KeyQueue::take(MonotonicTime now) {
  promote_due(now);
  if (ready_.empty()) return std::nullopt;
  auto first = ready_.extract(ready_.begin());
  Item item{std::move(first.mapped()), microseconds(0)};
  Entry& entry = entries_.at(item.key);
  item.waited = std::max(now - entry.dirty_since, microseconds(0));
  entry.place.reset();
  entry.dirty = false;
  entry.processing = true;
  entry.processing_since = now;
  processing_.insert(item.key);
  return item;
}

void KeyQueue::done(const std::string& key, MonotonicTime now) {
  if (processing_.erase(key) == 0) return;
  promote_due(now);
  const auto at = entries_.find(key);
  Entry& entry = at->second;
  entry.processing = false;
  if (entry.dirty) {
    enter_ready(key, entry);
  } else if (!entry.due) {
    // What is wanted next is a new matter; a retry or a requested look keeps the priority it had.
    entry.priority = Priority::Resync;
    drop_if_idle(at);
  }
}

std::optional<MonotonicTime> KeyQueue::next_due() const {
  std::optional<MonotonicTime> due;
  if (!ready_.empty()) due = entries_.at(ready_.begin()->second).dirty_since;
  if (!delayed_.empty() && (!due || delayed_.begin()->first < *due)) due = delayed_.begin()->first;
  return due;
}

KeyQueue::Statistics KeyQueue::statistics(MonotonicTime now) const {
  Statistics statistics;
  statistics.ready = ready_.size();
  statistics.delayed = delayed_.size();
  statistics.in_progress = processing_.size();
  for (const std::string& key : processing_) {
    const microseconds running = std::max(now - entries_.at(key).processing_since, microseconds(0));
    statistics.unfinished_work += running;
    statistics.longest_running = std::max(statistics.longest_running, running);
  }
  return statistics;
}

bool KeyQueue::want(const std::string& key, Entry& entry, MonotonicTime since) {
  if (entry.dirty) return false;
  entry.dirty = true;
  entry.dirty_since = since;
  if (!entry.processing) enter_ready(key, entry);
  return true;
}

void KeyQueue::enter_ready(const std::string& key, Entry& entry) {
  entry.place = Place{entry.priority, ++sequence_};
  ready_.emplace(*entry.place, key);
}

void KeyQueue::drop_due(const std::string& key, Entry& entry) {
  if (!entry.due) return;
  delayed_.erase({*entry.due, key});
  entry.due.reset();
}

void KeyQueue::promote_due(MonotonicTime now) {
  while (!delayed_.empty() && delayed_.begin()->first <= now) {
    const auto [due, key] = *delayed_.begin();
    Entry& entry = entries_.at(key);
    drop_due(key, entry);
    want(key, entry, due);
  }
}

void KeyQueue::drop_if_idle(Entries::iterator at) {
  const Entry& entry = at->second;
  if (!entry.dirty && !entry.due && !entry.processing && entry.failures == 0) entries_.erase(at);
}

bool WorkQueue::add(const std::string& key, Priority priority) {
  const std::lock_guard lock(mutex_);
  if (shut_down_) return false;
  const bool added = queue_.add(key, clock_.monotonic(), priority);
  changed_.notify_one();
  return added;
}

void WorkQueue::add_after(const std::string& key, milliseconds delay, Priority priority) {
  const std::lock_guard lock(mutex_);
  if (shut_down_) return;
  queue_.add_after(key, delay, clock_.monotonic(), priority);
  changed_.notify_one();
}

milliseconds WorkQueue::add_failed(const std::string& key, milliseconds at_least) {
  const std::lock_guard lock(mutex_);
  if (shut_down_) return milliseconds(0);
  const milliseconds pause = queue_.add_failed(key, clock_.monotonic(), at_least);
  changed_.notify_one();
  return pause;
}

void WorkQueue::forget(const std::string& key) {
  const std::lock_guard lock(mutex_);
  queue_.forget(key);
}

int WorkQueue::failures(const std::string& key) const {
  const std::lock_guard lock(mutex_);
  return queue_.failures(key);
}

std::optional<KeyQueue::Item> WorkQueue::take() {
  std::unique_lock lock(mutex_);
  while (!shut_down_) {
    const MonotonicTime now = clock_.monotonic();
    if (auto item = queue_.take(now)) return item;
    const auto due = queue_.next_due();
    if (due) {
      changed_.wait_for(lock, std::clamp<microseconds>(*due - now, microseconds(1), kLongestWait));
    } else {
      changed_.wait(lock);
    }
  }
  return std::nullopt;
}

std::optional<KeyQueue::Item> WorkQueue::try_take() {
  const std::lock_guard lock(mutex_);
  if (shut_down_) return std::nullopt;
  return queue_.take(clock_.monotonic());
}

void WorkQueue::done(const std::string& key) {
  const std::lock_guard lock(mutex_);
  const MonotonicTime now = clock_.monotonic();
  queue_.done(key, now);
  // The key itself may be due again, and this worker may end: another one has to look.
  changed_.notify_one();
  if (queue_.statistics(now).in_progress == 0) idle_.notify_all();
}

void WorkQueue::shut_down() {
  const std::lock_guard lock(mutex_);
  shut_down_ = true;
  changed_.notify_all();
}

bool WorkQueue::is_shut_down() const {
  const std::lock_guard lock(mutex_);
  return shut_down_;
}

bool WorkQueue::wait_until_idle(milliseconds limit) {
  std::unique_lock lock(mutex_);
  return idle_.wait_for(lock, limit,
                        [this] { return queue_.statistics(clock_.monotonic()).in_progress == 0; });
}

std::optional<MonotonicTime> WorkQueue::next_due() const {
  const std::lock_guard lock(mutex_);
  return queue_.next_due();
}

KeyQueue::Statistics WorkQueue::statistics() const {
  const std::lock_guard lock(mutex_);
  return queue_.statistics(clock_.monotonic());
}

}  // namespace patchwave::runtime
