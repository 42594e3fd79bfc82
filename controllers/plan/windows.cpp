#include "controllers/plan/windows.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "controllers/plan/openings.hpp"
#include "controllers/plan/time_zone.hpp"
#include "operator/base/time.hpp"

namespace patchwave::plan {
namespace {

constexpr auto kHorizon = std::chrono::hours(366 * 24);

struct DenyRule {
  Interval interval;
  std::string reason;
};

struct Rules {
  std::vector<AllowRule> allow;
  std::vector<DenyRule> deny;  ///< As written.
};

std::unexpected<Error> invalid(std::string_view field, std::string_view value, std::string_view wrong) {
  return fail(ErrorKind::Invalid, fmt::format("{} '{}' {}", field, value, wrong));
}

Result<AllowRule> allow_rule(const api::AllowWindow& window, const std::string& field) {
  auto schedule = parse_cron(window.schedule);
  if (!schedule) {
    return invalid(field + ".schedule", window.schedule, "is not a schedule: " + schedule.error().message);
  }
  if (window.duration <= milliseconds(0) || window.duration > kHorizon) {
    return invalid(field + ".duration", format_duration(window.duration),
                   "is not longer than 0s and at most 8784h");
  }
  auto zone = read_time_zone(window.time_zone, field + ".timeZone");
  if (!zone) return fail(zone.error());
  return AllowRule(std::move(*schedule), window.duration, *zone);
}

Result<DenyRule> deny_rule(const api::DenyWindow& window, const std::string& field) {
  const auto from = read_local_time(window.from, field + ".from");
  if (!from) return fail(from.error());
  const auto to = read_local_time(window.to, field + ".to");
  if (!to) return fail(to.error());
  if (*from >= *to) return invalid(field + ".to", window.to, "is not after from '" + window.from + "'");
  const auto zone = read_time_zone(window.time_zone, field + ".timeZone");
  if (!zone) return fail(zone.error());
  return DenyRule{{first_instant(*zone, *from), last_instant(*zone, *to)}, window.reason};
}

Result<Rules> read_rules(const api::Windows& windows, std::string_view field) {
  Rules rules;
  for (std::size_t i = 0; i < windows.allow.size(); ++i) {
    auto rule = allow_rule(windows.allow[i], fmt::format("{}.allow[{}]", field, i));
    if (!rule) return fail(rule.error());
    rules.allow.push_back(std::move(*rule));
  }
  for (std::size_t i = 0; i < windows.deny.size(); ++i) {
    auto rule = deny_rule(windows.deny[i], fmt::format("{}.deny[{}]", field, i));
    if (!rule) return fail(rule.error());
    rules.deny.push_back(std::move(*rule));
  }
  return rules;
}

// The union of all allow windows, interval by interval.
class Allowed {
 public:
  Allowed(const std::vector<AllowRule>& rules, Time from, Time until) {
    if (rules.empty()) heads_.push_back({std::nullopt, Interval{from, until}});
    for (const auto& rule : rules) {
      Openings openings(rule, from, until);
      auto first = openings.next();
      heads_.push_back({std::move(openings), first});
    }
  }

  std::optional<Interval> next() {
    auto merged = take_up_to(Time::max());
    while (merged) {
      const auto more = take_up_to(merged->end);
      if (!more) break;
      merged->end = std::max(merged->end, more->end);
    }
    return merged;
  }

 private:
  struct Head {
    std::optional<Openings> source;  ///< Unset for the one interval of an empty list.
    std::optional<Interval> interval;
  };

  // The earliest interval, if it begins by `latest`.
  std::optional<Interval> take_up_to(Time latest) {
    Head* earliest = nullptr;
    for (auto& head : heads_) {
      if (!head.interval || head.interval->begin > latest) continue;
      if (earliest == nullptr || head.interval->begin < earliest->interval->begin) earliest = &head;
    }
    if (earliest == nullptr) return std::nullopt;
    const auto taken = earliest->interval;
    earliest->interval = earliest->source ? earliest->source->next() : std::nullopt;
    return taken;
  }

  std::vector<Head> heads_;
};

// `denied` in ascending order of begin.
void append_without(std::vector<Interval>& result, Interval open, const std::vector<Interval>& denied) {
  for (const auto& deny : denied) {
    if (deny.begin >= open.end) break;
    if (deny.end <= open.begin) continue;
    if (deny.begin > open.begin) result.push_back({open.begin, deny.begin});
    open.begin = deny.end;
    if (open.begin >= open.end) return;
  }
  if (open.begin < open.end) result.push_back(open);
}

std::vector<Interval> intervals_of(const Rules& rules, Time from, Time until, std::size_t count) {
  std::vector<Interval> denied;
  for (const auto& deny : rules.deny) {
    // A local time that a change of daylight saving skips is over as it begins: it cuts nothing in two.
    if (deny.interval.begin < deny.interval.end) denied.push_back(deny.interval);
  }
  std::ranges::sort(denied, {}, &Interval::begin);

  std::vector<Interval> result;
  Allowed allowed(rules.allow, from, until);
  while (result.size() < count) {
    const auto open = allowed.next();
    if (!open) break;
    append_without(result, {std::max(open->begin, from), std::min(open->end, until)}, denied);
  }
  if (result.size() > count) result.resize(count);
  return result;
}

std::string closed_reason(const Rules& rules, Time now) {
  for (const auto& deny : rules.deny) {
    if (now < deny.interval.begin || now >= deny.interval.end) continue;
    return deny.reason.empty() ? "inside a deny window" : deny.reason;
  }
  return "outside the allowed windows";
}

}  // namespace

Result<void> validate(const api::Windows& windows, std::string_view field) {
  const auto rules = read_rules(windows, field);
  if (!rules) return fail(rules.error());
  return {};
}

WindowState window_state(const api::Windows& windows, Time now) {
  const auto rules = read_rules(windows, "spec.windows");
  if (!rules) return {false, std::nullopt, rules.error().message};
  const Time horizon = now + kHorizon;
  const auto first = intervals_of(*rules, now, horizon, 1);
  if (first.empty()) return {false, std::nullopt, closed_reason(*rules, now)};
  if (first.front().begin > now) return {false, first.front().begin, closed_reason(*rules, now)};
  const auto end = first.front().end;
  return {true, end < horizon ? std::optional(end) : std::nullopt, ""};
}

bool fits(const WindowState& state, milliseconds duration, Time now) {
  return state.open && (!state.until || now + duration <= *state.until);
}

std::vector<Interval> open_intervals(const api::Windows& windows, Time from, Time until, std::size_t count) {
  const auto rules = read_rules(windows, "spec.windows");
  if (!rules || from >= until) return {};
  return intervals_of(*rules, from, until, count);
}

}  // namespace patchwave::plan
