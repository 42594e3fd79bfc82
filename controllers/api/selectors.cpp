#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "controllers/api/common.hpp"

namespace patchwave::api {
namespace {

bool holds(const LabelRequirement& requirement, const std::map<std::string, std::string>& labels) {
  const auto found = labels.find(requirement.key);
  const bool there = found != labels.end();
  if (requirement.op == "Exists") return there;
  if (requirement.op == "DoesNotExist") return !there;
  const bool listed =
      there && std::ranges::find(requirement.values, found->second) != requirement.values.end();
  if (requirement.op == "In") return listed;
  // As in Kubernetes, a label that is not there is in no list.
  if (requirement.op == "NotIn") return !listed;
  return false;
}

std::string query_of(const LabelRequirement& requirement) {
  if (requirement.op == "Exists") return requirement.key;
  if (requirement.op == "DoesNotExist") return "!" + requirement.key;
  // An operator that is none goes as it is, for the server to refuse.
  const std::string_view op = requirement.op == "In"      ? "in"
                              : requirement.op == "NotIn" ? "notin"
                                                          : std::string_view(requirement.op);
  return fmt::format("{} {} ({})", requirement.key, op, fmt::join(requirement.values, ","));
}

}  // namespace

bool LabelSelector::matches(const std::map<std::string, std::string>& labels) const {
  const auto same = [&](const auto& wanted) {
    const auto found = labels.find(wanted.first);
    return found != labels.end() && found->second == wanted.second;
  };
  return std::ranges::all_of(match_labels, same) &&
         std::ranges::all_of(match_expressions, [&](const auto& each) { return holds(each, labels); });
}

std::string LabelSelector::query() const {
  std::vector<std::string> parts;
  for (const auto& [key, value] : match_labels) parts.push_back(fmt::format("{}={}", key, value));
  for (const auto& requirement : match_expressions) parts.push_back(query_of(requirement));
  return fmt::format("{}", fmt::join(parts, ","));
}

}  // namespace patchwave::api
