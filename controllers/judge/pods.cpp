#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <vector>

#include "controllers/judge/judge.hpp"
#include "controllers/judge/words.hpp"

namespace patchwave::judge {
namespace {

constexpr std::string_view kCrashLoop = "CrashLoopBackOff";
constexpr std::string_view kOutOfMemory = "OOMKilled";
/// No later attempt can succeed.
constexpr std::string_view kInvalidImageName = "InvalidImageName";
/// The kubelet keeps trying: a registry or a Secret may still come.
constexpr std::array<std::string_view, 8> kCannotStart = {
    "ErrImagePull",        "ImagePullBackOff",           "ErrImageNeverPull",    "ImageInspectError",
    "RegistryUnavailable", "CreateContainerConfigError", "CreateContainerError", "RunContainerError"};

using Pods = std::vector<const PodEvidence*>;

// Copies whose condition the patch can be held to.
Pods counted(const TargetEvidence& evidence) {
  Pods pods;
  for (const auto& pod : evidence.pods) {
    if (pod.patched && !pod.terminating && pod.node_ready) pods.push_back(&pod);
  }
  return pods;
}

bool cannot_start(const PodEvidence& pod) {
  return std::ranges::find(kCannotStart, pod.waiting_reason) != kCannotStart.end();
}

std::string words_of(const PodEvidence& pod) {
  return pod.waiting_message.empty() ? pod.waiting_reason
                                     : fmt::format("{} ({})", pod.waiting_reason, pod.waiting_message);
}

std::string restarts_of(const PodEvidence& pod) {
  return fmt::format("{} restart{}", pod.restarts, pod.restarts == 1 ? "" : "s");
}

/// Each rule gives a sentence when it shows harm; next_ is when time alone may make one do so.
class PodJudge {
 public:
  PodJudge(const TargetEvidence& evidence, const PodLimits& limits, Time now)
      : evidence_(evidence), limits_(limits), now_(now), pods_(counted(evidence)) {}

  Finding judge() {
    std::string harm = broken_pod();
    if (harm.empty()) harm = lost_capacity();
    if (harm.empty()) harm = overdue();
    if (!harm.empty()) return found(Verdict::Harm, harm);
    return evidence_.step_complete ? bake() : incomplete();
  }

 private:
  [[nodiscard]] Finding found(Verdict verdict, std::string message) const {
    return {verdict, Absence::None, std::move(message), evidence_.target, std::nullopt};
  }

  // Notes that time alone will decide at `time`; true when it has come.
  bool reached(Time time) {
    if (now_ >= time) return true;
    if (!next_ || time < *next_) next_ = time;
    return false;
  }

  std::string broken_pod() {
    for (const auto* pod : pods_) {
      auto words = broken(*pod);
      if (!words.empty()) return fmt::format("patched pod {} {}", pod->name, words);
    }
    return {};
  }

  std::string broken(const PodEvidence& pod) {
    if (pod.waiting_reason == kInvalidImageName) return "cannot start: " + words_of(pod);
    if (pod.terminated_reason == kOutOfMemory) {
      return fmt::format("ran out of memory ({}, {})", kOutOfMemory, restarts_of(pod));
    }
    if (pod.restarts > limits_.max_restarts) {
      const auto& cause = pod.waiting_reason.empty() ? pod.terminated_reason : pod.waiting_reason;
      return fmt::format("has {}, more than {}{}{}", restarts_of(pod), limits_.max_restarts,
                         cause.empty() ? "" : ": ", cause);
    }
    if (pod.waiting_reason == kCrashLoop && pod.restarts >= limits_.max_restarts) {
      return fmt::format("crashed again after {}, as many as are tolerated: {}", restarts_of(pod),
                         kCrashLoop);
    }
    const auto tried_since = std::max({pod.creation_time, evidence_.since, evidence_.watched_since});
    if (cannot_start(pod) && reached(tried_since + limits_.pull_deadline)) {
      return fmt::format("has not started for {}: {}", print_span(now_ - tried_since), words_of(pod));
    }
    return {};
  }

  // Copies that were part of a complete step and are not ready any more. Younger ones replace what a drain
  // or an autoscaler took, and have the progress deadline.
  std::string lost_capacity() {
    if (evidence_.step_complete || !evidence_.incomplete_since) return {};
    const auto lost = std::ranges::count_if(pods_, [&](const PodEvidence* pod) {
      return !pod->ready_since && pod->creation_time < *evidence_.incomplete_since;
    });
    const auto lost_since = std::max(*evidence_.incomplete_since, evidence_.watched_since);
    if (lost == 0 || !reached(lost_since + limits_.lost_capacity + microseconds(1))) return {};
    return fmt::format("{} of {} patched copies were ready and are not for {}", lost,
                       evidence_.wanted_patched, print_span(now_ - *evidence_.incomplete_since));
  }

  std::string overdue() {
    if (evidence_.step_complete) return {};
    const auto progress = last_progress();
    if (!reached(progress + limits_.progress_deadline)) return {};
    // Copies made since are still within their own deadline, and copies on their way out are not the patch's.
    if (pending_copies() + evidence_.awaiting_us >= missing_copies()) return {};
    return fmt::format("{} of {} patched copies are ready, and no other became ready for {}; the limit is {}",
                       ready_copies(), evidence_.wanted_patched, print_span(now_ - progress),
                       print_span(limits_.progress_deadline));
  }

  // A large workload may take longer than the deadline as long as copy after copy gets ready.
  [[nodiscard]] Time last_progress() const {
    auto progress = std::max(
        {evidence_.since, evidence_.incomplete_since.value_or(evidence_.since), evidence_.watched_since});
    for (const auto* pod : pods_) progress = std::max(progress, pod->ready_since.value_or(progress));
    return progress;
  }

  [[nodiscard]] int ready_copies() const {
    return static_cast<int>(
        std::ranges::count_if(pods_, [](const auto* pod) { return pod->ready_since.has_value(); }));
  }
  [[nodiscard]] int missing_copies() const { return std::max(1, evidence_.wanted_patched - ready_copies()); }

  int pending_copies() {
    int pending = 0;
    for (const auto& pod : evidence_.pods) {
      if (!pod.patched) continue;
      if (pod.terminating || !pod.node_ready) {
        ++pending;
      } else if (!pod.ready_since && !reached(pod.creation_time + limits_.progress_deadline)) {
        ++pending;
      }
    }
    return pending;
  }

  [[nodiscard]] Finding bake() const {
    std::vector<Time> ready;
    for (const auto* pod : pods_) {
      if (pod->ready_since) ready.push_back(*pod->ready_since);
    }
    const auto wanted = static_cast<std::size_t>(std::max(0, evidence_.wanted_patched));
    if (ready.size() < wanted) {
      return found(Verdict::Undecided,
                   fmt::format("the step is complete, but only {} of {} patched copies are seen "
                               "ready",
                               ready.size(), wanted));
    }
    // Surplus copies of an autoscaler must not begin the bake again.
    std::ranges::sort(ready);
    const auto began = wanted == 0 ? evidence_.since : std::max(evidence_.since, ready[wanted - 1]);
    // Without the time that passes: a sentence that moves all the while would be written all the while.
    const auto words = fmt::format("{} of {} patched copies ready", wanted, wanted);
    const auto span = print_span(limits_.step_bake);
    if (now_ - began >= limits_.step_bake) return found(Verdict::Pass, fmt::format("{} for {}", words, span));
    auto finding = found(Verdict::Undecided, fmt::format("{}, not yet for {}", words, span));
    finding.decides_time = began + limits_.step_bake;
    return finding;
  }

  [[nodiscard]] Finding incomplete() const {
    auto words = fmt::format("{} of {} patched copies ready", ready_copies(), evidence_.wanted_patched);
    const auto waiting = std::ranges::find_if(
        pods_, [](const auto* pod) { return !pod->ready_since && !pod->waiting_reason.empty(); });
    if (waiting != pods_.end()) words += fmt::format("; {}: {}", (*waiting)->name, words_of(**waiting));
    auto finding = found(Verdict::Undecided, std::move(words));
    finding.decides_time = next_;
    return finding;
  }

  const TargetEvidence& evidence_;
  const PodLimits& limits_;
  Time now_;
  Pods pods_;
  std::optional<Time> next_;
};

}  // namespace

Finding judge_pods(const TargetEvidence& evidence, const PodLimits& limits, Time now) {
  return PodJudge(evidence, limits, now).judge();
}

}  // namespace patchwave::judge
