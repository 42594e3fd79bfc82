#include "tests/simulation/simulation.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "tests/simulation/connection.hpp"
#include "tests/simulation/objects.hpp"
#include "tests/simulation/simulated_prometheus.hpp"
#include "tests/simulation/simulated_registry.hpp"
#include "tests/simulation/watch_feed.hpp"

namespace patchwave::simulation {
namespace {

constexpr std::chrono::hours kLongestRun{30};
/// Where somebody else has changed an image, a wave may wait for a person: beyond `onUndecided.after`.
constexpr std::chrono::hours kLongestContestedRun{8};
constexpr std::chrono::hours kDeniedRun{2};
constexpr std::chrono::minutes kQuiet{20};
const Time kDay{std::chrono::sys_days(std::chrono::year(2026) / 11 / 21)};

constexpr int kClockSteps = 4;

/// The clocks of the operator's machine: the wall clock is off, and steps; both miss what the machine itself
/// did not live through.
class MachineClock final : public Clock {
 public:
  explicit MachineClock(const ManualClock& clock) : clock_(clock) {}
  [[nodiscard]] Time now() const override { return clock_.now() + error_; }
  [[nodiscard]] MonotonicTime monotonic() const override { return clock_.monotonic() - missed_; }
  [[nodiscard]] microseconds missed() const { return missed_; }

  void step_to(microseconds error) { error_ = error; }
  void stood_still(microseconds span) {
    missed_ += span;
    error_ -= span;
  }

 private:
  microseconds error_{0};
  microseconds missed_{0};
  const ManualClock& clock_;
};

bool has_ended(const Json& wave) {
  const std::string phase = string_at(wave, {"status", "phase"});
  return phase == "Succeeded" || phase == "RolledBack" || phase == "RollbackFailed" || phase == "Cancelled";
}

class Run {
 public:
  Run(const RunOptions& options, const MakeOperator& make_operator)
      : options_(options),
        make_operator_(make_operator),
        random_(options.seed),
        scenario_(draw_scenario(random_)) {
    if (scenario_.foreign_edit) invariants_.expect_foreign_writes();
    if (scenario_.has_one_end()) {
      scenario_.tag == "2" ? invariants_.expect_no_harm() : invariants_.expect_harm();
    }
    if (options_.denied) faults_.deny_workloads_for_good();
  }

  RunResult complete() {
    stage_.set();
    cluster_.agenda.run_for(seconds(180));
    start_operator();
    stage_.begin();
    schedule_clock_steps();
    cluster_.daemon_sets_lag(faults_.controller_lag());
    const MonotonicTime heal_at =
        cluster_.agenda.now() + random_.between(milliseconds(1'200'000), milliseconds(3'000'000));
    run_until(heal_at, false);
    faults_.heal();
    cluster_.daemon_sets_lag(faults_.controller_lag());
    trace_.note(cluster_.agenda.now(), "healed");
    if (!operator_) start_operator();
    feed_.relist();
    if (options_.denied) {
      run_until(cluster_.agenda.now() + kDeniedRun, true);
      check_holds();
    } else if (run_until(cluster_.agenda.now() + longest_run(), true) && !any_in_conflict()) {
      check_quiet();
    } else {
      check_holds();
    }
    check_harm_was_seen();
    return result();
  }

 private:
  void start_operator() {
    ++lives_;
    clock_.step_to(faults_.clock_error());
    leadership_ = std::stop_source();
    connection_ = std::make_shared<Connection>(
        cluster_, faults_, random_, trace_, lives_,
        Connection::Hooks{
            [this, life = lives_] { dead_ = dead_ || life == lives_; },
            [this, life = lives_, leadership = leadership_] { lose_lease(life, leadership); },
            [this, leadership = leadership_](const auto& request) { sent(request, leadership); },
            [this] { stand_still(); }, [this](const auto& request) { invariants_.refused(request); }});
    dead_ = false;
    restart_at_.reset();
    operator_ =
        make_operator_({connection_, prometheus_,
                        [this](const auto& repository, const auto& tag) { return resolve(repository, tag); },
                        clock_, leadership_.get_token(),
                        [this](milliseconds span) { cluster_.agenda.run_for(span); }, "patchwave-system"});
    feed_.attach(*operator_);
  }

  void stop_operator(milliseconds away) {
    calls_ += connection_->calls();
    feed_.detach();
    connection_->cut();
    operator_.reset();
    restart_at_ = cluster_.agenda.now() + away;
    trace_.note(cluster_.agenda.now(), "operator ended");
  }

  void lose_lease(int life, std::stop_source leadership) {
    leadership.request_stop();
    invariants_.leadership_lost(life);
    dead_ = dead_ || life == lives_;
  }

  /// The leader's process is paused within a call for longer than its lease lasts. Another takes over and
  /// works; then the old one goes on with what it had read and decided, until it sees that it leads no more:
  /// leader election is no fence.
  void stand_still() {
    if (outlived_) return;
    trace_.note(cluster_.agenda.now(), "the leader stands still");
    calls_ += connection_->calls();
    const auto connection = connection_;
    outlived_ = std::move(operator_);
    feed_.detach();
    start_operator();
    run_until(cluster_.agenda.now() + random_.between(milliseconds(20'000), milliseconds(120'000)), false);
    connection->outlived(random_.between(0, 2));
    trace_.note(cluster_.agenda.now(), "the former leader goes on");
  }

  void schedule_clock_steps() {
    for (int i = 0; i < kClockSteps; ++i) {
      cluster_.agenda.after(random_.between(milliseconds(40'000), milliseconds(1'500'000)), [this] {
        clock_.step_to(faults_.clock_error());
        trace_.note(cluster_.agenda.now(), "the wall clock of the operator's machine stepped");
      });
    }
  }

  /// The cluster goes on without the operator, which afterwards goes on as if nothing had been: nobody else
  /// took its lease. Its connections have broken, so its caches show what was until they have listed anew.
  void miss(milliseconds span) {
    trace_.note(cluster_.agenda.now(),
                fmt::format("the operator's machine stands still for {} ms", span.count()));
    cluster_.agenda.run_for(span);
    clock_.stood_still(span);
    feed_.break_all();
  }

  void sent(const http::Request& request, const std::stop_source& leadership) {
    invariants_.sent(request);
    if (leadership.stop_requested()) {
      invariants_.violated(
          fmt::format("sent {} {} without being the leader", request.method, request.target));
    }
  }

  Result<std::string> resolve(const std::string& repository, const std::string& tag) {
    if (faults_.registry_fails()) return fail(ErrorKind::Unavailable, "the registry answered 503");
    return digest_of(repository, tag);
  }

  /// Until `until`, or, when `until_settled`, until every wave has ended and nobody has anything to do for a
  /// while. True when settled.
  bool run_until(MonotonicTime until, bool until_settled) {
    MonotonicTime last_unsettled = cluster_.agenda.now();
    while (cluster_.agenda.now() < until) {
      if (steps_ > options_.most_steps) {
        if (!spins_) invariants_.violated("the operator never comes to rest: too many reconciles");
        spins_ = true;
        return false;
      }
      feed_.deliver();
      const bool outer = !outlived_;
      if (operator_ && operator_->step()) {
        ++steps_;
        if (outer) outlived_.reset();
        if (dead_ && operator_) stop_operator(random_.between(milliseconds(500), milliseconds(20'000)));
        continue;
      }
      if (operator_ && outer) {
        if (const auto standstill = faults_.standstill(cluster_.agenda.now())) miss(standstill->span);
      }
      if (!operator_ && restart_at_ && *restart_at_ <= cluster_.agenda.now()) {
        start_operator();
        continue;
      }
      if (!until_settled || !all_ended()) last_unsettled = cluster_.agenda.now();
      if (cluster_.agenda.now() - last_unsettled > kQuiet) return true;
      cluster_.agenda.run_until(std::max(cluster_.agenda.now() + milliseconds(1), next_moment(until)));
    }
    return false;
  }

  MonotonicTime next_moment(MonotonicTime until) {
    // A minute at most, so that "settled" is noticed in a cluster in which nothing is due.
    MonotonicTime next = std::min(until, cluster_.agenda.now() + std::chrono::minutes(1));
    const auto consider = [&](std::optional<MonotonicTime> when) {
      next = when ? std::min(next, *when) : next;
    };
    consider(cluster_.agenda.next());
    consider(feed_.next());
    consider(operator_ ? in_cluster_time(operator_->next_due()) : restart_at_);
    return next;
  }

  std::optional<MonotonicTime> in_cluster_time(std::optional<MonotonicTime> of_operator) const {
    return of_operator ? std::optional(*of_operator + clock_.missed()) : std::nullopt;
  }

  std::chrono::hours longest_run() const {
    return scenario_.foreign_edit ? kLongestContestedRun : kLongestRun;
  }

  bool all_ended() const {
    const auto& waves = cluster_.state.all(resources::kPatchWaves);
    return std::all_of(waves.begin(), waves.end(), [](const auto& entry) {
      return has_ended(entry.second->json) || blocked_for_good(entry.second->json);
    });
  }

  /// Waits for a person: no time ends it.
  static bool blocked_for_good(const Json& wave) {
    const Json* hold = find(wave, {"status", "hold"});
    return hold != nullptr && find(*hold, {"untilTime"}) == nullptr &&
           (string_at(wave, {"status", "phase"}) == "Waiting" || in_conflict(wave));
  }
  /// Somebody else keeps a workload from the wave, which goes on watching what it has begun.
  static bool in_conflict(const Json& wave) {
    return string_at(wave, {"status", "hold", "reason"}) == "FieldConflict";
  }
  bool any_in_conflict() const {
    const auto& waves = cluster_.state.all(resources::kPatchWaves);
    return std::any_of(waves.begin(), waves.end(),
                       [](const auto& entry) { return in_conflict(entry.second->json); });
  }

  /// A patch that does harm shows it within each wave: no wave that changed something may call it good.
  void check_harm_was_seen() {
    if (scenario_.tag == "2" || !scenario_.has_one_end()) return;
    for (const auto& [name, wave] : cluster_.state.all(resources::kPatchWaves)) {
      if (string_at(wave->json, {"status", "phase"}) != "Succeeded") continue;
      for (const auto& target : array_at(wave->json, {"status", "targets"})) {
        if (string_at(target, {"state"}) == "Promoted")
          invariants_.violated(fmt::format("wave {} succeeded with patch {}", name.text(), scenario_.tag));
      }
    }
  }

  void check_holds() {
    for (const auto& [name, wave] : cluster_.state.all(resources::kPatchWaves)) {
      if (has_ended(wave->json)) continue;
      const std::string reason = string_at(wave->json, {"status", "hold", "reason"});
      const std::string phase = string_at(wave->json, {"status", "phase"});
      if (reason.empty()) {
        invariants_.violated(
            fmt::format("wave {} neither ended nor holds with a reason ({})", name.text(), phase));
      } else if (scenario_.has_one_end() && !options_.denied) {
        invariants_.violated(fmt::format("wave {} still holds after all faults are gone: {} in {}",
                                         name.text(), reason, phase));
      }
    }
  }

  /// After the end: a restart and two resyncs cause no write.
  void check_quiet() {
    const std::size_t before = invariants_.operator_writes();
    if (operator_) stop_operator(milliseconds(100));
    run_until(cluster_.agenda.now() + std::chrono::minutes(3), false);
    feed_.relist();
    run_until(cluster_.agenda.now() + std::chrono::minutes(3), false);
    if (invariants_.operator_writes() != before) {
      invariants_.violated(fmt::format("{} writes after everything had ended, the last {}",
                                       invariants_.operator_writes() - before, invariants_.last_write()));
    }
  }

  RunResult result() {
    RunResult result;
    result.violations = invariants_.violations();
    result.end_state = end_state();
    result.disruptions = invariants_.disruptions();
    result.scenario = scenario_.text();
    result.has_one_end = scenario_.has_one_end();
    result.patch_is_good = scenario_.tag == "2";
    result.trace = trace_.text();
    result.trace_hash = trace_.hash();
    result.lives = lives_;
    result.calls = calls_ + connection_->calls();
    return result;
  }

  std::string end_state() const {
    std::string text;
    for (const auto* resource :
         {&resources::kDeployments, &resources::kStatefulSets, &resources::kDaemonSets}) {
      for (const auto& [name, object] : cluster_.state.all(*resource)) {
        text +=
            fmt::format("{} {} image {} replicas {} strategy {} claim '{}'\n", resource->kind, name.text(),
                        image_of(object->json), integer_at(object->json, {"spec", "replicas"}),
                        object_at(object->json, {"spec", "updateStrategy"}).dump(), claim_on(object->json));
      }
    }
    for (const auto& [name, wave] : cluster_.state.all(resources::kPatchWaves)) {
      text += fmt::format("wave {} {} {}\n", name.text(), string_at(wave->json, {"status", "phase"}),
                          string_at(wave->json, {"status", "hold", "reason"}));
    }
    for (const auto& [name, patch] : cluster_.state.all(resources::kPatches)) {
      text += fmt::format("patch {} {} quarantine '{}'\n", name.text(),
                          string_at(patch->json, {"status", "phase"}),
                          string_at(patch->json, {"status", "quarantine", "digest"}));
    }
    return text;
  }

  RunOptions options_;
  const MakeOperator& make_operator_;
  Random random_;
  Scenario scenario_;
  Faults faults_{random_, options_.faults};
  Cluster cluster_{kDay + scenario_.time_of_day, random_};
  Trace trace_;
  Invariants invariants_{cluster_};
  Stage stage_{cluster_, random_, scenario_};
  WatchFeed feed_{cluster_, faults_, random_};
  MachineClock clock_{cluster_.clock};
  std::shared_ptr<SimulatedPrometheus> prometheus_ = std::make_shared<SimulatedPrometheus>(
      cluster_, random_, [this] { return faults_.telemetry_fails(cluster_.agenda.now()); });
  std::stop_source leadership_;
  std::shared_ptr<Connection> connection_;
  std::unique_ptr<OperatorUnderTest> operator_;
  std::optional<MonotonicTime> restart_at_;
  std::unique_ptr<OperatorUnderTest> outlived_;  ///< A former leader that still is within a call.
  bool dead_ = false;
  bool spins_ = false;
  int lives_ = 0;
  std::size_t steps_ = 0;
  std::size_t calls_ = 0;
};

}  // namespace

RunResult run_simulation(const RunOptions& options, const MakeOperator& make_operator) {
  return Run(options, make_operator).complete();
}

std::string explain(const RunOptions& options, const RunResult& result,
                    const std::vector<std::string>& problems) {
  std::string text = fmt::format(
      "seed {} ({} lives, {} calls); replay with ./dev test simulation -- --seed={}\nscenario: {}\n",
      options.seed, result.lives, result.calls, options.seed, result.scenario);
  for (const auto& problem : problems) text += "VIOLATED " + problem + "\n";
  return text + "end:\n" + result.end_state + "last calls:\n" + result.trace;
}

}  // namespace patchwave::simulation
