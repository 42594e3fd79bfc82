#include "operator/kube/lease.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "operator/base/time.hpp"

namespace patchwave::kube {
namespace {

// The API holds whole seconds.
std::int64_t whole_seconds(milliseconds time) {
  return std::chrono::ceil<seconds>(time).count();
}

bool is_run_out(const LeaseState& state, MonotonicTime now) {
  return state.seen->holder.empty() || now - state.seen_changed >= state.seen->duration;
}

LeaseRecord held_by(const std::string& identity, const LeaseSettings& settings, Time wall) {
  return {identity, settings.duration, wall, wall, 0, ""};
}

LeaseMove renew(const LeaseState& state, const LeaseSettings& settings, Time wall) {
  LeaseMove move{LeaseMove::Kind::Write, *state.seen};
  move.record.duration = settings.duration;
  move.record.renew_time = wall;
  return move;
}

}  // namespace

Result<void> check(const LeaseSettings& settings) {
  if (settings.retry.count() <= 0) return fail(ErrorKind::Invalid, "leader election: retry must be above 0");
  if (settings.renew_deadline * 10 <= settings.retry * 12) {
    return fail(ErrorKind::Invalid,
                fmt::format("leader election: renewDeadline ({}) must be above 1.2 times retry ({})",
                            format_duration(settings.renew_deadline), format_duration(settings.retry)));
  }
  if (settings.duration <= settings.renew_deadline) {
    return fail(ErrorKind::Invalid,
                fmt::format("leader election: duration ({}) must be above renewDeadline ({})",
                            format_duration(settings.duration), format_duration(settings.renew_deadline)));
  }
  return {};
}

milliseconds request_limit(const LeaseSettings& settings) {
  const milliseconds spare = settings.duration - settings.renew_deadline;
  return std::max(milliseconds(100), std::min(spare, settings.renew_deadline / 2) * 9 / 10);
}

LeaseRecord parse_lease(const Json& object) {
  LeaseRecord record;
  record.holder = string_at(object, {"spec", "holderIdentity"});
  record.duration =
      seconds(std::clamp<std::int64_t>(integer_at(object, {"spec", "leaseDurationSeconds"}), 0, 86'400));
  record.acquire_time = time_at(object, {"spec", "acquireTime"}).value_or(Time{});
  record.renew_time = time_at(object, {"spec", "renewTime"}).value_or(Time{});
  record.transitions = integer_at(object, {"spec", "leaseTransitions"});
  record.resource_version = string_at(object, {"metadata", "resourceVersion"});
  return record;
}

Json print_lease(const LeaseRecord& record, const std::string& ns, const std::string& name) {
  Json metadata{{"name", name}, {"namespace", ns}};
  if (!record.resource_version.empty()) metadata["resourceVersion"] = record.resource_version;
  return {{"apiVersion", "coordination.k8s.io/v1"},
          {"kind", "Lease"},
          {"metadata", metadata},
          {"spec",
           {{"holderIdentity", record.holder},
            {"leaseDurationSeconds", whole_seconds(record.duration)},
            {"acquireTime", format_micro_time(record.acquire_time)},
            {"renewTime", format_micro_time(record.renew_time)},
            {"leaseTransitions", record.transitions}}}};
}

LeaseMove next_move(const LeaseState& state, const LeaseSettings& settings, const std::string& identity,
                    Time wall, MonotonicTime now) {
  if (!state.leads()) return {LeaseMove::Kind::Read, {}};
  if (now - *state.renewed >= settings.renew_deadline) return {LeaseMove::Kind::StandDown, {}};
  const bool is_known = state.seen && state.seen->holder == identity;
  if (!is_known) return {LeaseMove::Kind::Read, {}};
  return renew(state, settings, wall);
}

LeaseMove move_after_read(LeaseState& state, const std::optional<LeaseRecord>& read,
                          const LeaseSettings& settings, const std::string& identity, Time wall,
                          MonotonicTime now) {
  if (!read) {
    state.seen.reset();
    if (state.leads()) return {LeaseMove::Kind::StandDown, {}};
    return {LeaseMove::Kind::Create, held_by(identity, settings, wall)};
  }
  if (state.seen != read) {
    state.seen = read;
    state.seen_changed = now;
  }
  const bool is_ours = read->holder == identity;
  // Somebody took it while we still believed to lead: time has been lost somewhere.
  if (state.leads() && !is_ours) return {LeaseMove::Kind::StandDown, {}};
  if (is_ours) return renew(state, settings, wall);
  if (!is_run_out(state, now)) return {LeaseMove::Kind::StandBy, {}};
  LeaseMove move{LeaseMove::Kind::Write, held_by(identity, settings, wall)};
  move.record.transitions = read->transitions + 1;
  move.record.resource_version = read->resource_version;
  return move;
}

void note_written(LeaseState& state, LeaseRecord written, MonotonicTime sent, MonotonicTime now) {
  state.seen = std::move(written);
  state.seen_changed = now;
  state.renewed = sent;
}

void note_write_failed(LeaseState& state) {
  // Only a leader acts on what it remembers; a candidate keeps it to measure the holder's silence.
  if (state.leads()) state.seen.reset();
}

bool leads_surely(const LeaseState& state, const LeaseSettings& settings, MonotonicTime now) {
  return state.renewed && now - *state.renewed < settings.renew_deadline;
}

LeaderElector::LeaderElector(LeaderElectorOptions options, const Client& client, const Clock& clock, Log& log,
                             Random random, Wait wait)
    : options_(std::move(options)),
      client_(client),
      clock_(clock),
      log_(log),
      random_(std::move(random)),
      wait_(std::move(wait)) {}

void LeaderElector::run(std::stop_token stop) {
  while (!stop.stop_requested()) {
    if (!run_once()) return;
    const double jitter = 1.0 + 0.2 * random_();
    const auto pause =
        static_cast<microseconds::rep>(static_cast<double>(options_.settings.retry.count()) * 1000 * jitter);
    wait_(microseconds(pause), stop);
  }
}

LeaseState LeaderElector::snapshot() const {
  const std::scoped_lock lock(mutex_);
  return state_;
}

LeaseMove LeaderElector::decide() {
  LeaseState state = snapshot();
  LeaseMove move = next_move(state, options_.settings, options_.identity, clock_.now(), clock_.monotonic());
  if (move.kind != LeaseMove::Kind::Read) return move;
  const auto object = client_.get(resources::kLeases, options_.ns, options_.name);
  const bool is_absent =
      !object && object.error().kind == ErrorKind::NotFound && object.error().reason != "KindNotServed";
  if (!object && !is_absent) {
    note_trouble("reading the leader lease failed", object.error());
    return {LeaseMove::Kind::StandBy, {}};
  }
  if (object) trouble_.clear();
  const auto read = object ? std::optional(parse_lease(*object)) : std::nullopt;
  move = move_after_read(state, read, options_.settings, options_.identity, clock_.now(), clock_.monotonic());
  const std::scoped_lock lock(mutex_);
  state_ = std::move(state);
  return move;
}

bool LeaderElector::write(const LeaseMove& move) {
  const Json object = print_lease(move.record, options_.ns, options_.name);
  const MonotonicTime sent = clock_.monotonic();
  const auto written = move.kind == LeaseMove::Kind::Create
                           ? client_.create(resources::kLeases, options_.ns, object)
                           : client_.replace(resources::kLeases, object);
  const std::scoped_lock lock(mutex_);
  if (!written) {
    note_trouble("writing the leader lease failed", written.error());
    note_write_failed(state_);
    return false;
  }
  trouble_.clear();
  note_written(state_, parse_lease(*written), sent, clock_.monotonic());
  term_ = state_.seen->transitions;
  return true;
}

void LeaderElector::note_trouble(std::string_view what, const Error& error) {
  const bool another_was_first = error.kind == ErrorKind::Conflict || error.kind == ErrorKind::AlreadyExists;
  if (another_was_first || trouble_ == error.message) return;
  trouble_ = error.message;
  log_.warning(what, {{"lease", options_.ns + "/" + options_.name}, {"error", error.message}});
}

bool LeaderElector::run_once() {
  const bool led = snapshot().leads();
  const LeaseMove move = decide();
  if (move.kind == LeaseMove::Kind::Create || move.kind == LeaseMove::Kind::Write) {
    if (write(move) && !led) {
      log_.info("leading", {{"lease", options_.ns + "/" + options_.name}, {"term", term()}});
      if (options_.on_started) options_.on_started();
    }
  }
  const LeaseState state = snapshot();
  const bool is_late = state.leads() && !leads_surely(state, options_.settings, clock_.monotonic());
  if (move.kind != LeaseMove::Kind::StandDown && !is_late) return true;
  stand_down();
  return false;
}

void LeaderElector::stand_down() {
  {
    const std::scoped_lock lock(mutex_);
    state_.renewed.reset();
  }
  log_.error("leadership lost", {{"lease", options_.ns + "/" + options_.name}, {"term", term()}});
  if (options_.on_lost) options_.on_lost();
}

void LeaderElector::release() {
  const LeaseState state = snapshot();
  if (!state.leads() || !state.seen || state.seen->holder != options_.identity) return;
  LeaseRecord record = *state.seen;
  record.holder.clear();
  record.duration = seconds(1);
  record.renew_time = clock_.now();
  {
    const std::scoped_lock lock(mutex_);
    state_.renewed.reset();
  }
  const auto released = client_.replace(resources::kLeases, print_lease(record, options_.ns, options_.name));
  if (!released) log_.warning("releasing the leader lease failed", {{"error", released.error().message}});
}

bool LeaderElector::leads() const {
  const std::scoped_lock lock(mutex_);
  return leads_surely(state_, options_.settings, clock_.monotonic());
}

}  // namespace patchwave::kube
