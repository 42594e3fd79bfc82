#include "operator/kube/events.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "operator/base/time.hpp"

namespace patchwave::kube {
namespace {

constexpr std::size_t kMaxNote = 1024;
constexpr std::size_t kMaxReason = 128;
// "<object>.<16 hex digits>" must fit a name of 253 characters.
constexpr std::size_t kMaxNamePrefix = 253 - 17;
// How long the sender sleeps when nothing arrives, so that heartbeats and closings get their turn.
constexpr seconds kTick{30};

std::string cut(std::string_view text, std::size_t limit) {
  if (text.size() <= limit) return std::string(text);
  while (limit > 0 && (static_cast<unsigned char>(text[limit]) & 0xC0U) == 0x80U) --limit;
  return std::string(text.substr(0, limit));
}

Json series_json(int count, Time last_seen) {
  return {{"count", count}, {"lastObservedTime", format_micro_time(last_seen)}};
}

}  // namespace

EventWrite EventSeries::created(const EventNote& note, Open& open, Time now) {
  const ObjectReference& about = note.regarding;
  const auto instant = static_cast<std::uint64_t>(now.time_since_epoch().count()) * 1000 + sequence_++ % 1000;
  open.ns = about.ns.empty() ? "default" : about.ns;
  open.name = fmt::format("{}.{:016x}", cut(about.name, kMaxNamePrefix), instant);
  Json regarding{
      {"apiVersion", about.api_version}, {"kind", about.kind}, {"name", about.name}, {"uid", about.uid}};
  if (!about.ns.empty()) regarding["namespace"] = about.ns;
  return {EventWrite::Kind::Create,
          open.ns,
          open.name,
          {{"apiVersion", "events.k8s.io/v1"},
           {"kind", "Event"},
           {"metadata", {{"name", open.name}, {"namespace", open.ns}}},
           {"eventTime", format_micro_time(now)},
           {"reportingController", source_.controller},
           {"reportingInstance", cut(source_.instance, kMaxReason)},
           {"action", cut(note.action, kMaxReason)},
           {"reason", cut(note.reason, kMaxReason)},
           {"type", note.warning ? "Warning" : "Normal"},
           {"note", cut(note.note, kMaxNote)},
           {"regarding", std::move(regarding)}}};
}

EventWrite EventSeries::patched(Open& open, Time now) {
  open.unwritten = false;
  open.last_written = now;
  return {EventWrite::Kind::PatchSeries,
          open.ns,
          open.name,
          {{"series", series_json(open.count, open.last_seen)}}};
}

std::optional<EventWrite> EventSeries::record(const EventNote& note, Time now) {
  const Key key{note.regarding, note.warning, note.reason, note.action};
  const auto found = series_.find(key);
  const bool is_repeat = found != series_.end() && now - found->second.last_seen < kQuietEnds;
  if (!is_repeat) {
    if (found != series_.end()) series_.erase(found);
    make_room();
    Open open;
    EventWrite write = created(note, open, now);
    open.last_seen = open.last_written = now;
    series_.emplace(key, std::move(open));
    return write;
  }
  Open& open = found->second;
  ++open.count;
  open.last_seen = now;
  open.unwritten = true;
  const bool is_due = open.count == 2 || now - open.last_written >= kHeartbeat;
  return is_due ? std::optional(patched(open, now)) : std::nullopt;
}

std::vector<EventWrite> EventSeries::tick(Time now) {
  std::vector<EventWrite> writes;
  for (auto at = series_.begin(); at != series_.end();) {
    Open& open = at->second;
    const bool is_over = now - open.last_seen >= kQuietEnds;
    const bool is_due = is_over || now - open.last_written >= kHeartbeat;
    if (open.unwritten && is_due) writes.push_back(patched(open, now));
    at = is_over ? series_.erase(at) : std::next(at);
  }
  return writes;
}

void EventSeries::forget(const std::string& ns, const std::string& name) {
  std::erase_if(series_,
                [&](const auto& entry) { return entry.second.ns == ns && entry.second.name == name; });
}

void EventSeries::make_room() {
  if (series_.size() < kMaxOpen) return;
  series_.erase(
      std::ranges::min_element(series_, {}, [](const auto& entry) { return entry.second.last_seen; }));
}

EventRecorder::EventRecorder(EventSource source, const Client& client, const Clock& clock, Log& log,
                             Wait wait)
    : client_(client), clock_(clock), log_(log), wait_(std::move(wait)), series_(std::move(source)) {}

void EventRecorder::record(EventNote note) {
  {
    const std::scoped_lock lock(mutex_);
    if (queue_.size() >= kMaxQueued) {
      ++dropped_;
      return;
    }
    queue_.push_back({std::move(note), clock_.now()});
  }
  arrived_.notify_one();
}

std::deque<EventRecorder::Timed> EventRecorder::take_queued() {
  const std::scoped_lock lock(mutex_);
  return std::exchange(queue_, {});
}

void EventRecorder::run(std::stop_token stop) {
  while (!stop.stop_requested()) {
    {
      std::unique_lock lock(mutex_);
      arrived_.wait_for(lock, stop, kTick, [this] { return !queue_.empty(); });
    }
    flush(stop);
  }
  flush(stop);
}

void EventRecorder::flush(std::stop_token stop) {
  std::deque<Timed> queued = take_queued();
  for (; !queued.empty(); queued.pop_front()) {
    const auto write = series_.record(queued.front().note, queued.front().at);
    if (write && !send(*write, stop)) {
      dropped_ += queued.size() - 1;
      return;
    }
  }
  for (const EventWrite& write : series_.tick(clock_.now())) {
    if (!send(write, stop)) return;
  }
}

Result<Json> EventRecorder::send_once(const EventWrite& write) const {
  if (write.kind == EventWrite::Kind::Create) return client_.create(resources::kEvents, write.ns, write.body);
  return client_.patch(resources::kEvents, write.ns, write.name, PatchType::Merge, write.body);
}

bool EventRecorder::send(const EventWrite& write, std::stop_token stop) {
  for (int tries = 1;; ++tries) {
    const auto sent = send_once(write);
    // AlreadyExists: an earlier try of ours arrived after all.
    if (sent || sent.error().kind == ErrorKind::AlreadyExists) return true;
    const bool may_work_later = is_transient(sent.error().kind) && sent.error().kind != ErrorKind::Conflict;
    if (may_work_later && tries < kMaxTries && wait_(kBetweenTries, stop)) continue;
    ++dropped_;
    series_.forget(write.ns, write.name);
    log_.debug("an event was not written",
               {{"event", write.ns + "/" + write.name}, {"error", sent.error().message}});
    return !(may_work_later && stop.stop_requested());
  }
}

}  // namespace patchwave::kube
