#include <algorithm>

#include "controllers/api/common.hpp"

namespace patchwave::api {

void set_condition(std::vector<Condition>& conditions, Condition condition, Time now) {
  const auto found = std::ranges::find(conditions, condition.type, &Condition::type);
  if (found == conditions.end()) {
    condition.last_transition_time = now;
    conditions.push_back(std::move(condition));
    return;
  }
  const bool moved = found->status != condition.status || !found->last_transition_time;
  condition.last_transition_time = moved ? now : found->last_transition_time;
  *found = std::move(condition);
}

void remove_condition(std::vector<Condition>& conditions, std::string_view type) {
  std::erase_if(conditions, [&](const Condition& condition) { return condition.type == type; });
}

const Condition* find_condition(const std::vector<Condition>& conditions, std::string_view type) {
  const auto found = std::ranges::find(conditions, type, &Condition::type);
  return found == conditions.end() ? nullptr : &*found;
}

}  // namespace patchwave::api
