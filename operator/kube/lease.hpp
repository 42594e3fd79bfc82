// Leader election on a coordination.k8s.io/v1 Lease, after client-go's tools/leaderelection: the decision as
// a pure step, and a thread that carries it out.
//
// Whether a lease has run out is measured on the local monotonic clock from when its record was last seen
// to change; no two machines' wall clocks are ever compared. Leadership is not a fence: what must not
// happen twice carries a precondition of its own.
#pragma once

#include <atomic>
#include <functional>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string>

#include "operator/base/clock.hpp"
#include "operator/base/log.hpp"
#include "operator/kube/client.hpp"
#include "operator/kube/wait.hpp"

namespace patchwave::kube {

struct LeaseSettings {
  milliseconds duration{15'000};        ///< How long others wait after the last change they saw.
  milliseconds renew_deadline{10'000};  ///< Without a renewal for so long the leader stands down.
  milliseconds retry{2'000};            ///< Between tries, with jitter of a fifth.
};
/// Invalid unless duration > renew_deadline > 1.2 * retry > 0.
Result<void> check(const LeaseSettings& settings);
/// The longest that one request of the elector may take, so that a leader that hangs in a request learns
/// of its loss before anybody else may lead.
milliseconds request_limit(const LeaseSettings& settings);

/// A Lease's spec, and the version it was read at.
struct LeaseRecord {
  std::string holder;  ///< "" when it was released.
  milliseconds duration{0};
  Time acquire_time{};
  Time renew_time{};
  std::int64_t transitions = 0;
  std::string resource_version;
  bool operator==(const LeaseRecord&) const = default;
};
LeaseRecord parse_lease(const Json& object);
Json print_lease(const LeaseRecord& record, const std::string& ns, const std::string& name);

/// What one candidate knows.
struct LeaseState {
  std::optional<LeaseRecord> seen;       ///< As last read or written.
  MonotonicTime seen_changed{};          ///< When `seen` last became another.
  std::optional<MonotonicTime> renewed;  ///< While leading: when the last renewal that succeeded was *sent*.
  [[nodiscard]] bool leads() const { return renewed.has_value(); }
};

/// What to do now. Reading comes before deciding unless this candidate leads and knows the record.
struct LeaseMove {
  enum class Kind : std::uint8_t {
    Read,       ///< Look at the Lease first.
    Create,     ///< There is none: make it, held by us.
    Write,      ///< Take it over or renew it: PUT `record` at its resource_version.
    StandBy,    ///< Somebody else holds it.
    StandDown,  ///< We led and could not renew in time.
  };
  Kind kind = Kind::StandBy;
  LeaseRecord record;  ///< Of Create and Write.
};

/// The move of a leader, or Read for everybody else.
LeaseMove next_move(const LeaseState& state, const LeaseSettings& settings, const std::string& identity,
                    Time wall, MonotonicTime now);
/// The move after a read; nullopt: there is no Lease. Notes in `state` what was seen.
LeaseMove move_after_read(LeaseState& state, const std::optional<LeaseRecord>& read,
                          const LeaseSettings& settings, const std::string& identity, Time wall,
                          MonotonicTime now);
/// After Create or Write succeeded, which was sent at `sent`.
void note_written(LeaseState& state, LeaseRecord written, MonotonicTime sent, MonotonicTime now);
/// After Create or Write failed. A leader reads next: another may hold the lease, or our own write may
/// have arrived after all.
void note_write_failed(LeaseState& state);
/// True only while nobody else can lead: within renew_deadline of the last renewal.
bool leads_surely(const LeaseState& state, const LeaseSettings& settings, MonotonicTime now);

struct LeaderElectorOptions {
  std::string ns;
  std::string name;
  std::string identity;  ///< Unique for each process: "<host>_<uuid>".
  LeaseSettings settings;
  std::function<void()> on_started;  ///< On the elector's thread; must return soon.
  /// On the elector's thread, when leadership is lost (not when it is released). The accepted answer is to
  /// end the process at once.
  std::function<void()> on_lost;
};

class LeaderElector {
 public:
  /// `client` must be the elector's own, so that bulk work can't delay a renewal: no rate limit, no repeats,
  /// limits.total within request_limit(), and a stop token that outlives the workers.
  LeaderElector(LeaderElectorOptions options, const Client& client, const Clock& clock, Log& log,
                Random random, Wait wait = wait_in_real_time);

  /// Competes until `stop` or until leadership is lost. Does not release: see release().
  void run(std::stop_token stop);
  /// One try and its consequences; false when leadership was lost. For single-threaded simulations.
  bool run_once();
  /// Lets the next candidate in at once. Only after run() returned and every worker has ended.
  void release();

  /// Judged by the clock at this moment, so a hung elector can't claim too much. Safe from any thread.
  [[nodiscard]] bool leads() const;
  /// leaseTransitions of our term, as a number of the term for logs and conditions.
  [[nodiscard]] std::int64_t term() const { return term_; }

 private:
  LeaseMove decide();
  bool write(const LeaseMove& move);
  /// A candidate that can never lead looks like one that stands by. Each trouble is told once, until the
  /// lease can be read or written again.
  void note_trouble(std::string_view what, const Error& error);
  void stand_down();
  [[nodiscard]] LeaseState snapshot() const;

  const LeaderElectorOptions options_;
  const Client& client_;
  const Clock& clock_;
  Log& log_;
  Random random_;
  Wait wait_;
  mutable std::mutex mutex_;  ///< Guards state_ between leads() and the elector's thread.
  LeaseState state_;
  std::atomic<std::int64_t> term_ = 0;
  std::string trouble_;  ///< As last told; the elector's thread's own.
};

}  // namespace patchwave::kube
