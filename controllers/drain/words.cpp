#include <fmt/format.h>

#include <algorithm>

#include "controllers/drain/drain.hpp"

namespace patchwave::drain {
namespace {

constexpr std::size_t kMostReasons = 5;
constexpr std::size_t kMostPods = 3;

struct Group {
  std::string message;
  std::vector<std::string_view> pods;
};

std::string words_of(const Group& group) {
  std::string text;
  for (std::size_t i = 0; i < std::min(group.pods.size(), kMostPods); ++i) {
    text += fmt::format("{}{}", i == 0 ? "" : ", ", group.pods[i]);
  }
  if (group.pods.size() > kMostPods) text += fmt::format(" and {} more", group.pods.size() - kMostPods);
  return fmt::format("pod {}: {}", text, group.message);
}

}  // namespace

std::string_view to_string(State state) {
  switch (state) {
    case State::Cordon:
      return "Cordon";
    case State::Evicting:
      return "Evicting";
    case State::Drained:
      return "Drained";
    case State::Refused:
      return "Refused";
    case State::HeldByAnother:
      return "HeldByAnother";
    case State::CordonLost:
      return "CordonLost";
    case State::Expired:
      return "Expired";
    case State::NodeGone:
      return "NodeGone";
  }
  return "NodeGone";
}

std::string words_of(const std::vector<Blocker>& blockers) {
  std::vector<Group> groups;
  for (const auto& blocker : blockers) {
    const auto same = std::ranges::find(groups, blocker.message, &Group::message);
    if (same != groups.end()) {
      same->pods.push_back(blocker.pod);
    } else {
      groups.push_back({blocker.message, {blocker.pod}});
    }
  }
  std::string text;
  for (std::size_t i = 0; i < std::min(groups.size(), kMostReasons); ++i) {
    text += (i == 0 ? "" : "; ") + words_of(groups[i]);
  }
  if (groups.size() > kMostReasons) text += fmt::format("; {} more reasons", groups.size() - kMostReasons);
  return text;
}

}  // namespace patchwave::drain
