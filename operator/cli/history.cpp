#include "operator/cli/history.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <ostream>
#include <utility>

#include "controllers/api/text_rules.hpp"
#include "controllers/comparison/history.hpp"
#include "controllers/comparison/named_arms.hpp"
#include "operator/base/time.hpp"
#include "operator/cli/samples.hpp"

namespace patchwave::cli {
namespace {

using judge::Arm;

constexpr milliseconds kLongestHistory = std::chrono::hours(24 * 31);
constexpr std::size_t kLongestLabel = 128;

std::unexpected<Error> invalid(std::string message) {
  return fail(ErrorKind::Invalid, std::move(message));
}

Result<Time> parse_moment(std::string_view flag, const std::string& text, Time now) {
  if (const auto ago = parse_duration(text)) return now - *ago;
  if (auto time = parse_sample_time(text)) return time;
  return invalid(
      fmt::format("{} is '{}' and must be a time as in 2026-11-21T02:00:00Z, seconds since 1970, or how long "
                  "ago, as in 2h",
                  flag, text));
}

struct Times {
  Time since;
  Time until;
};

Result<Times> times_of(const HistoryFlags& flags, Time now) {
  if (flags.since.empty())
    return invalid("--since says when the change was made; without it there is no canary");
  const auto since = parse_moment("--since", flags.since, now);
  if (!since) return fail(since.error());
  const auto until = flags.until.empty() ? now : parse_moment("--until", flags.until, now);
  if (!until) return fail(until.error());
  const Times times{std::chrono::floor<seconds>(*since), *until};
  if (times.until <= times.since) {
    return invalid(fmt::format("--until is {} and must be later than --since, {}", format_time(times.until),
                               format_time(times.since)));
  }
  if (times.until - times.since > kLongestHistory) {
    return invalid(fmt::format("--since is {}, over 31 days before --until, {}", format_time(times.since),
                               format_time(times.until)));
  }
  return times;
}

Result<void> check_label(const std::string& label) {
  const auto is_letter = [](unsigned char c) { return std::isalpha(c) != 0 || c == '_'; };
  const auto is_part = [&](unsigned char c) { return is_letter(c) || std::isdigit(c) != 0; };
  if (!label.empty() && label.size() <= kLongestLabel && is_letter(static_cast<unsigned char>(label[0])) &&
      std::ranges::all_of(label, is_part)) {
    return {};
  }
  return invalid(fmt::format("--pod-label is '{}' and must be the name of a label, such as pod", label));
}

Result<comparison::NamedArms> arms_of(const HistoryFlags& flags, Time change) {
  for (const auto& [flag, value] : std::array<std::pair<std::string_view, const std::string&>, 2>{
           {{"--canary", flags.canary}, {"--baseline", flags.baseline}}}) {
    if (value.empty())
      return invalid(fmt::format("{} must be a regular expression for the names of its pods", flag));
  }
  return comparison::NamedArms::make(flags.canary, flags.baseline, change);
}

Result<void> fill_in(std::string& selector, const std::string& ns) {
  constexpr std::string_view kNamespace = "{{namespace}}";
  for (auto at = selector.find(kNamespace); at != std::string::npos && !ns.empty();
       at = selector.find(kNamespace, at + ns.size())) {
    selector.replace(at, kNamespace.size(), ns);
  }
  const auto left = selector.find("{{");
  if (left == std::string::npos) return {};
  const auto end = selector.find("}}", left);
  const auto name = selector.substr(left, end == std::string::npos ? end : end + 2 - left);
  return invalid(
      name == kNamespace
          ? "the gate asks for {{namespace}}, which --namespace fills in"
          : fmt::format("the gate asks for {}, which only a wave has: write what it stands for", name));
}

Result<api::GateSpec> filled_in(api::GateSpec gate, const std::string& ns) {
  std::vector<std::string*> selectors;
  if (gate.counter) selectors = {&gate.counter->events, &gate.counter->exposure};
  if (gate.histogram) selectors = {&gate.histogram->metric};
  if (gate.gauge) selectors = {&gate.gauge->metric};
  for (auto* selector : selectors) {
    if (auto filled = fill_in(*selector, ns); !filled) return fail(std::move(filled.error()));
  }
  return gate;
}

/// Puts the questions, and sees whom the answers are about.
class Asker {
 public:
  Asker(const prometheus::Client& client, const comparison::NamedArms& arms, const std::string& pod_label)
      : client_(client), arms_(arms), pod_label_(pod_label) {}

  Result<prometheus::QueryAnswer> ask(const std::string& promql, Time time) {
    auto answer = client_.query(promql, time, {});
    if (!answer) return answer;
    for (const auto& warning : answer->warnings) warnings_.push_back("Prometheus warns: " + warning);
    for (const auto& series : answer->series) {
      const auto pod = series.labels.find(pod_label_);
      if (pod == series.labels.end()) continue;
      const auto arm = arms_.of(pod->second, time, false);
      has_canary_ = has_canary_ || arm == Arm::Canary;
      has_baseline_ = has_baseline_ || arm == Arm::Baseline;
    }
    return answer;
  }
  void warn(std::ostream& err, const Times& times) const {
    for (const auto& warning : warnings_) err << "warning: " << warning << "\n";
    const auto tell = [&](std::string_view arm) {
      err << fmt::format(
          "warning: Prometheus has no sample of the {}: no series that the gate selects has a label {} that "
          "matches --{}, from {} to {}\n",
          arm, pod_label_, arm, format_time(times.since), format_time(times.until));
    };
    if (!has_canary_) tell("canary");
    if (!has_baseline_) tell("baseline");
  }

 private:
  const prometheus::Client& client_;
  const comparison::NamedArms& arms_;
  const std::string& pod_label_;
  std::vector<std::string> warnings_;
  bool has_canary_ = false;
  bool has_baseline_ = false;
};

Error told(Error error) {
  if (prometheus::failure_of(error) == prometheus::QueryFailure::TooLarge)
    error.message += "; judge a shorter time, or narrow the gate's selectors";
  return error;
}

}  // namespace

Result<judge::RecordedVerdict> judge_history(Environment& environment, const api::GateSpec& gate,
                                             const HistoryFlags& flags, const std::string& ns,
                                             milliseconds request_timeout) {
  const auto times = times_of(flags, environment.clock.now());
  if (!times) return fail(times.error());
  if (auto label = check_label(flags.pod_label); !label) return fail(label.error());
  if (!ns.empty() && !api::is_label_name(ns))
    return invalid(fmt::format("--namespace is '{}' and must be the name of a namespace", ns));
  const auto arms = arms_of(flags, times->since);
  if (!arms) return fail(arms.error());
  const auto filled = filled_in(gate, ns);
  if (!filled) return fail(filled.error());
  const auto client = environment.prometheus(flags.access, request_timeout);
  if (!client) return fail(client.error());

  const auto pods = arms->matcher(flags.pod_label);
  const auto matchers = ns.empty() ? pods : fmt::format("namespace=\"{}\",{}", ns, pods);
  Asker asker(*client, *arms, flags.pod_label);
  auto verdict = comparison::judge_history(
      *filled, {matchers, flags.pod_label, &*arms, times->since, times->until},
      [&](const std::string& promql, Time time) { return asker.ask(promql, time); });
  if (!verdict) return fail(told(verdict.error()));
  asker.warn(environment.err, *times);
  return verdict;
}

}  // namespace patchwave::cli
