#include "controllers/discovery/schedule.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "operator/base/time.hpp"

namespace patchwave::discovery {
namespace {

// As many as people read in one condition.
constexpr std::size_t kMostNamed = 10;
constexpr milliseconds kAfterFailure{300'000};
// Workloads that come and go make no registry be asked more often.
constexpr milliseconds kLeastGap{60'000};
constexpr double kSpread = 0.1;

std::string listed(std::vector<std::string> words) {
  if (words.size() > kMostNamed) {
    const auto more = words.size() - kMostNamed;
    words.resize(kMostNamed);
    words.push_back(fmt::format("and {} more", more));
  }
  return fmt::format("{}", fmt::join(words, "; "));
}

std::string words_of(const api::HeldBackUpdate& update) {
  return fmt::format("{}:{} until {}", update.image, update.tag,
                     update.until_time ? format_time(*update.until_time) : "it is old enough");
}

}  // namespace

Time due_time(const api::PatchPolicy& policy, bool has_new_repository) {
  const auto& discovery = policy.status.discovery;
  const auto* said = api::find_condition(policy.status.conditions, "UpdatesDiscovered");
  if (!discovery || !discovery->next_time || said == nullptr) return Time::min();
  if (said->observed_generation != policy.metadata.generation) return Time::min();
  const auto last = discovery->last_time.value_or(Time::min());
  return has_new_repository ? std::min(*discovery->next_time, last + kLeastGap) : *discovery->next_time;
}

Time next_look(const api::PatchPolicy& policy, const Settings& settings, const Decision& decision,
               std::optional<milliseconds> retry_after, double fraction, Time now) {
  const auto interval = policy.spec.updates->interval.value_or(settings.interval);
  const auto spread =
      milliseconds(static_cast<std::int64_t>(static_cast<double>(interval.count()) * kSpread * fraction));
  Time next = now + interval + spread;
  if (!decision.problems.empty() || !decision.refused.empty()) {
    // A registry that wants to be left alone for longer is, and the others are asked when they are due.
    next = std::min(next, now + std::max(kAfterFailure, retry_after.value_or(milliseconds(0))) + spread);
  }
  for (const auto& update : decision.held_back) {
    if (update.until_time && *update.until_time > now) next = std::min(next, *update.until_time);
  }
  return next;
}

api::Condition condition_of(const Decision& decision, std::size_t images) {
  std::vector<std::string> held_back;
  for (const auto& update : decision.held_back) held_back.push_back(words_of(update));
  std::string found = fmt::format("{} images looked at", images);
  if (!decision.standing.empty()) {
    found += fmt::format("; found: {}", listed({decision.standing.begin(), decision.standing.end()}));
  }
  if (!held_back.empty()) found += fmt::format("; held back by `minimumAge`: {}", listed(held_back));
  if (!decision.refused.empty()) {
    return {"UpdatesDiscovered",
            "False",
            "WriteRefused",
            fmt::format("{}; {}", listed(decision.refused), found),
            0,
            {}};
  }
  if (!decision.problems.empty()) {
    return {"UpdatesDiscovered",
            "False",
            "RegistryUnavailable",
            fmt::format("{}; {}", listed(decision.problems), found),
            0,
            {}};
  }
  const auto* reason = !decision.standing.empty() ? "Found" : held_back.empty() ? "NothingNewer" : "HeldBack";
  return {"UpdatesDiscovered", "True", reason, std::move(found), 0, {}};
}

api::Condition condition_of(const Error& error) {
  return {"UpdatesDiscovered", "False", "InvalidSpec", error.message, 0, {}};
}

}  // namespace patchwave::discovery
