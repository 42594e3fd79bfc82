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

}  // namespace

bool LabelSelector::matches(const std::map<std::string, std::string>& labels) const {
  const auto same = [&](const auto& wanted) {
    const auto found = labels.find(wanted.first);
    return found != labels.end() && found->second == wanted.second;
  };
  return std::ranges::all_of(match_labels, same) &&
         std::ranges::all_of(match_expressions, [&](const auto& each) { return holds(each, labels); });
}

}  // namespace patchwave::api
