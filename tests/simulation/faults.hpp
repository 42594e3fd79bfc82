// What may go wrong, how often, drawn from the one stream of chance. Each seed has only some kinds of fault
// at all (swarm testing): a mixture of everything hides what a single fault alone would show.
#pragma once

#include <cstdint>
#include <optional>
#include <utility>

#include "tests/simulation/random.hpp"

namespace patchwave::simulation {

enum class Fault : std::uint8_t {
  None,
  LostBefore,    ///< The request never arrived.
  LostAfter,     ///< It took effect; the answer was lost: a time-out.
  LateEffect,    ///< A time-out now, the effect later.
  TouchedFirst,  ///< Somebody else writes to the object a moment before: every precondition on it fails.
  Throttled,     ///< 429 with Retry-After.
  ServerError,   ///< 500
  Unavailable,   ///< 503
  Expired,       ///< 410 on a page of a list
  CrashBefore,   ///< The operator dies before the request leaves.
  CrashAfter,    ///< It dies after the effect, before the answer.
  LeaseLoss,     ///< Leadership is lost during the call; the call itself goes through.
  Denied,        ///< 403, by RBAC or admission.
  Paused,  ///< The process stands still within the call; another leads by the time that the call goes on.
};

class Faults {
 public:
  /// `enabled` false: an unbroken run.
  Faults(Random& random, bool enabled) : random_(random), enabled_(enabled) {
    const auto rate = [&](double most) { return random_.chance(0.5) ? random_.fraction() * most : 0.0; };
    lost_ = rate(0.08);
    late_ = rate(0.03);
    touched_ = rate(0.08);
    refused_ = rate(0.15);
    crash_ = rate(0.05);
    lease_loss_ = rate(0.02);
    telemetry_ = rate(0.3);
    if (random_.chance(0.4)) {
      telemetry_away_from_ = MonotonicTime(random_.between(milliseconds(220'000), milliseconds(900'000)));
      telemetry_away_until_ =
          telemetry_away_from_ + random_.between(milliseconds(60'000), milliseconds(900'000));
    }
    registry_ = rate(0.5);
    watch_loss_ = rate(0.02);
    longest_lag_ = random_.chance(0.3) ? milliseconds(10'000) : milliseconds(1'500);
    longest_controller_lag_ = random_.chance(0.3) ? milliseconds(30'000) : kControllerLag;
    two_leaders_ = rate(0.01);
    denials_ = random_.chance(0.2);
    denied_from_ = MonotonicTime(random_.between(milliseconds(240'000), milliseconds(1'200'000)));
    denied_until_ = denied_from_ + random_.between(milliseconds(20'000), milliseconds(600'000));
    denies_everything_ = random_.chance(0.3);
    largest_clock_error_ = random_.chance(0.3)    ? milliseconds(3'000)
                           : random_.chance(0.35) ? milliseconds(7'200'000)
                                                  : milliseconds(0);
    if (random_.chance(0.15)) {
      standstill_ = Standstill{MonotonicTime(random_.between(milliseconds(240'000), milliseconds(1'200'000))),
                               random_.between(milliseconds(60'000), milliseconds(5'400'000))};
    }
  }

  /// From now on nothing goes wrong any more: what was broken must come right by itself.
  void heal() { enabled_ = false; }
  [[nodiscard]] bool enabled() const { return enabled_; }

  /// `workload`: a write to a workload, or an eviction.
  Fault draw(bool write, bool workload, bool next_page, MonotonicTime now) {
    if (workload && denied_for_good_) return Fault::Denied;
    if (!enabled_) return Fault::None;
    const bool denied = denials_ && now >= denied_from_ && now < denied_until_;
    if (denied && (workload || (write && denies_everything_))) return Fault::Denied;
    if (write && random_.chance(two_leaders_)) return Fault::Paused;
    if (random_.chance(crash_)) return random_.chance(0.5) ? Fault::CrashBefore : Fault::CrashAfter;
    if (random_.chance(lease_loss_)) return Fault::LeaseLoss;
    if (random_.chance(lost_)) return random_.chance(0.5) ? Fault::LostBefore : Fault::LostAfter;
    if (write && random_.chance(late_)) return Fault::LateEffect;
    if (write && random_.chance(touched_)) return Fault::TouchedFirst;
    if (next_page && random_.chance(refused_)) return Fault::Expired;
    if (!random_.chance(refused_)) return Fault::None;
    static constexpr Fault kRefusals[] = {Fault::Throttled, Fault::ServerError, Fault::Unavailable};
    return kRefusals[random_.between(0, 2)];
  }
  /// Healing does not end it.
  void deny_workloads_for_good() { denied_for_good_ = true; }
  /// One query now and then, or, for longer than a step takes, all of them.
  bool telemetry_fails(MonotonicTime now) {
    if (!enabled_) return false;
    return (now >= telemetry_away_from_ && now < telemetry_away_until_) || random_.chance(telemetry_);
  }
  bool registry_fails() { return enabled_ && random_.chance(registry_); }
  bool watch_breaks() { return enabled_ && random_.chance(watch_loss_); }
  milliseconds watch_lag() {
    return random_.between(milliseconds(1), enabled_ ? longest_lag_ : milliseconds(50));
  }
  /// What the operator's wall clock is wrong by, from now on: at a start of its, or after a step by NTP.
  milliseconds clock_error() {
    return enabled_ ? random_.between(-largest_clock_error_, largest_clock_error_) : milliseconds(0);
  }
  /// Of the cache that the DaemonSet controller works on.
  [[nodiscard]] milliseconds controller_lag() const {
    return enabled_ ? longest_controller_lag_ : kControllerLag;
  }
  /// The operator's virtual machine stands still, and none of its clocks counts meanwhile.
  struct Standstill {
    MonotonicTime from;
    milliseconds span;
  };
  std::optional<Standstill> standstill(MonotonicTime now) {
    if (!enabled_ || !standstill_ || now < standstill_->from) return std::nullopt;
    return std::exchange(standstill_, std::nullopt);
  }

 private:
  static constexpr milliseconds kControllerLag{150};

  Random& random_;
  bool enabled_;
  double lost_, late_, touched_, refused_, crash_, lease_loss_, telemetry_, registry_, watch_loss_;
  double two_leaders_;
  bool denials_, denies_everything_, denied_for_good_ = false;
  MonotonicTime denied_from_, denied_until_;
  MonotonicTime telemetry_away_from_, telemetry_away_until_;
  milliseconds longest_lag_;
  milliseconds longest_controller_lag_;
  milliseconds largest_clock_error_;
  std::optional<Standstill> standstill_;
};

}  // namespace patchwave::simulation
