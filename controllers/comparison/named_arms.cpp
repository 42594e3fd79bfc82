#include "controllers/comparison/named_arms.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "controllers/judge/judge.hpp"

namespace patchwave::comparison {
namespace {

using judge::Arm;

constexpr std::size_t kLongestExpression = 1024;

Result<std::shared_ptr<const re2::RE2>> compile(std::string_view arm, const std::string& expression) {
  const bool is_text =
      std::ranges::none_of(expression, [](unsigned char c) { return c < 0x20 || c == 0x7f; });
  if (expression.empty() || expression.size() > kLongestExpression || !is_text) {
    return fail(
        ErrorKind::Invalid,
        fmt::format("the {}'s pods must be named by a regular expression of 1 to {} bytes in one line", arm,
                    kLongestExpression));
  }
  re2::RE2::Options options;
  options.set_log_errors(false);
  auto compiled = std::make_shared<const re2::RE2>(expression, options);
  if (compiled->ok()) return compiled;
  return fail(ErrorKind::Invalid,
              fmt::format("the {}'s pods are named by '{}', which is no regular expression: {}", arm,
                          expression, compiled->error()));
}

bool matches(const re2::RE2& expression, const std::string& pod) {
  return re2::RE2::FullMatch(re2::StringPiece(pod.data(), pod.size()), expression);
}

std::optional<Time> first_sample(const prometheus::Series& series) {
  if (series.samples.empty()) return std::nullopt;
  return std::ranges::min(series.samples, {}, &prometheus::Sample::time).time;
}

}  // namespace

Result<NamedArms> NamedArms::make(const std::string& canary, const std::string& baseline, Time change) {
  auto of_canary = compile("canary", canary);
  if (!of_canary) return fail(of_canary.error());
  auto of_baseline = compile("baseline", baseline);
  if (!of_baseline) return fail(of_baseline.error());
  return NamedArms(std::move(*of_canary), std::move(*of_baseline), change);
}

std::optional<Arm> NamedArms::of(const std::string& pod, Time /*time*/, bool /*was_before*/) const {
  if (matches(*canary_, pod)) return Arm::Canary;
  return matches(*baseline_, pod) ? std::optional(Arm::Baseline) : std::nullopt;
}

std::map<std::string, Time> NamedArms::births(const std::vector<prometheus::Series>& series) const {
  const auto latest_before = change_ + judge::kObjectTimeGrain;
  std::map<std::string, Time> first;
  for (const auto& one : series) {
    const auto at = first_sample(one);
    if (!at) continue;
    const auto [known, is_new] = first.emplace(pod_of(one), *at);
    if (!is_new) known->second = std::min(known->second, *at);
  }
  const bool was_watched =
      std::ranges::any_of(first, [&](const auto& pod) { return pod.second <= latest_before; });
  std::map<std::string, Time> births;
  if (!was_watched) return births;
  for (const auto& [pod, at] : first) {
    if (at > latest_before) births.emplace(pod, change_);
  }
  return births;
}

std::string NamedArms::matcher(const std::string& label) const {
  std::string escaped;
  for (const char character : fmt::format("(?:{})|(?:{})", canary_->pattern(), baseline_->pattern())) {
    if (character == '\\' || character == '"') escaped += '\\';
    escaped += character;
  }
  return fmt::format("{}=~\"{}\"", label, escaped);
}

}  // namespace patchwave::comparison
