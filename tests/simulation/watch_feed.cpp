#include "tests/simulation/watch_feed.hpp"

#include <algorithm>

namespace patchwave::simulation {

WatchFeed::WatchFeed(Cluster& cluster, Faults& faults, Random& random)
    : cluster_(cluster), faults_(faults), random_(random) {
  cluster_.state.listen([this](const Change& change) { observe(change); });
}

void WatchFeed::attach(OperatorUnderTest& watcher) {
  streams_.clear();
  for (const auto& resource : ClusterState::served()) {
    kube::WatchSink* sink = watcher.cache_of(resource);
    if (sink == nullptr) continue;
    auto& stream = streams_[resource.plural];
    stream.resource = &resource;
    stream.sink = sink;
    list(stream);
  }
}

void WatchFeed::observe(const Change& change) {
  const auto found = streams_.find(change.resource.plural);
  if (found == streams_.end() || found->second.relist_at) return;
  Stream& stream = found->second;
  const MonotonicTime now = cluster_.agenda.now();
  if (faults_.watch_breaks()) {
    break_off(stream);
    return;
  }
  MonotonicTime due = now + faults_.watch_lag();
  if (!stream.events.empty()) due = std::max(due, stream.events.back().due);
  stream.events.push_back({due, change.after ? change.after : change.before, !change.after});
}

void WatchFeed::deliver() {
  const MonotonicTime now = cluster_.agenda.now();
  for (auto& [plural, stream] : streams_) {
    if (stream.relist_at && *stream.relist_at <= now) list(stream);
    while (!stream.events.empty() && stream.events.front().due <= now) {
      const Event event = std::move(stream.events.front());
      stream.events.pop_front();
      if (event.object->text.empty()) event.object->text = event.object->json.dump();
      // The caches answer for what they cannot decode; the operator's own tests look at that.
      static_cast<void>(event.gone ? stream.sink->erase(event.object->text)
                                   : stream.sink->upsert(event.object->text));
    }
  }
}

void WatchFeed::break_all() {
  for (auto& [plural, stream] : streams_) break_off(stream);
}

void WatchFeed::break_off(Stream& stream) {
  stream.relist_at = cluster_.agenda.now() + random_.between(milliseconds(1'000), milliseconds(60'000));
  stream.events.clear();
}

std::optional<MonotonicTime> WatchFeed::next() const {
  std::optional<MonotonicTime> earliest;
  const auto consider = [&](MonotonicTime when) { earliest = earliest ? std::min(*earliest, when) : when; };
  for (const auto& [plural, stream] : streams_) {
    if (stream.relist_at) consider(*stream.relist_at);
    if (!stream.events.empty()) consider(stream.events.front().due);
  }
  return earliest;
}

void WatchFeed::relist() {
  for (auto& [plural, stream] : streams_) list(stream);
}

void WatchFeed::list(Stream& stream) {
  stream.relist_at.reset();
  stream.events.clear();
  stream.sink->begin();
  for (const auto& [name, object] : cluster_.state.all(*stream.resource)) {
    if (object->text.empty()) object->text = object->json.dump();
    static_cast<void>(stream.sink->upsert(object->text));
  }
  stream.sink->done(std::to_string(cluster_.state.resource_version()));
}

}  // namespace patchwave::simulation
