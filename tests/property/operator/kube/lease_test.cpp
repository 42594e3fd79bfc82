#include "operator/kube/lease.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <array>
#include <optional>
#include <string>
#include <vector>

namespace patchwave::kube {
namespace {

constexpr int kCandidates = 3;
const LeaseSettings kSettings;

/// A Lease on a server: a write takes place only at the version it was made for.
struct Server {
  std::optional<LeaseRecord> lease;
  int version = 0;

  std::optional<LeaseRecord> write(const LeaseMove& move) {
    const bool creates = move.kind == LeaseMove::Kind::Create;
    const bool fits = creates ? !lease : lease && lease->resource_version == move.record.resource_version;
    if (!fits) return std::nullopt;
    lease = move.record;
    lease->resource_version = std::to_string(++version);
    return lease;
  }
};

/// A write on its way: first to the server, then its answer back, each at a time of its own.
struct InFlight {
  LeaseMove move;
  MonotonicTime sent;
  bool has_arrived = false;
  std::optional<LeaseRecord> answer;
};

/// A candidate whose clock started elsewhere.
struct Candidate {
  std::string identity;
  microseconds offset{};
  LeaseState state;
  std::optional<InFlight> in_flight;
  bool has_ended = false;

  [[nodiscard]] MonotonicTime now(microseconds world) const { return MonotonicTime(world + offset); }
  [[nodiscard]] bool leads(microseconds world) const {
    return !has_ended && leads_surely(state, kSettings, now(world));
  }
};

void begin_try(Candidate& candidate, const Server& server, microseconds world) {
  const MonotonicTime now = candidate.now(world);
  const Time wall{world - candidate.offset};
  LeaseMove move = next_move(candidate.state, kSettings, candidate.identity, wall, now);
  if (move.kind == LeaseMove::Kind::Read) {
    move = move_after_read(candidate.state, server.lease, kSettings, candidate.identity, wall, now);
  }
  if (move.kind == LeaseMove::Kind::StandDown) candidate.has_ended = true;
  if (move.kind == LeaseMove::Kind::Create || move.kind == LeaseMove::Kind::Write) {
    candidate.in_flight = InFlight{move, now, false, std::nullopt};
  }
}

/// One leg of the write's way. `is_lost`: it, or its answer, never gets there.
void go_on(Candidate& candidate, Server& server, microseconds world, bool is_lost) {
  InFlight& flight = *candidate.in_flight;
  if (!flight.has_arrived && !is_lost) {
    flight.has_arrived = true;
    flight.answer = server.write(flight.move);
    return;
  }
  if (flight.has_arrived && !is_lost && flight.answer) {
    note_written(candidate.state, *flight.answer, flight.sent, candidate.now(world));
  } else {
    note_write_failed(candidate.state);
  }
  candidate.in_flight.reset();
}

struct Happening {
  int who;
  int milliseconds_later;
  bool is_lost;  ///< The write or the answer that is on its way now.
};

RC_GTEST_PROP(LeaseProperty, HasNeverTwoLeadersAtOnce, ()) {
  const auto offsets = *rc::gen::container<std::array<int, kCandidates>>(rc::gen::inRange(3600, 900'000));
  const auto happenings = *rc::gen::container<std::vector<Happening>>(
      *rc::gen::inRange(1, 300),
      rc::gen::apply(
          [](int who, int later, bool is_lost) { return Happening{who, later, is_lost}; },
          rc::gen::inRange(0, kCandidates),
          rc::gen::weightedOneOf<int>({{8, rc::gen::inRange(0, 3000)}, {1, rc::gen::inRange(0, 30'000)}}),
          rc::gen::weightedElement<bool>({{9, false}, {1, true}})));
  Server server;
  std::array<Candidate, kCandidates> candidates;
  for (std::size_t i = 0; i < kCandidates; ++i) {
    candidates[i].identity = "candidate-" + std::to_string(i);
    candidates[i].offset = seconds(offsets[i]);
  }
  microseconds world{0};
  bool anybody_led = false;
  for (const Happening& happening : happenings) {
    world += milliseconds(happening.milliseconds_later);
    Candidate& candidate = candidates[static_cast<std::size_t>(happening.who)];
    if (candidate.has_ended) continue;
    if (candidate.in_flight) {
      go_on(candidate, server, world, happening.is_lost);
    } else {
      begin_try(candidate, server, world);
    }
    const auto leaders =
        std::ranges::count_if(candidates, [world](const Candidate& one) { return one.leads(world); });
    RC_ASSERT(leaders <= 1);
    anybody_led = anybody_led || leaders == 1;
  }
  RC_CLASSIFY(anybody_led, "somebody led");
}

}  // namespace
}  // namespace patchwave::kube
