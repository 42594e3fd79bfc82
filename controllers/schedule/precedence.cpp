#include "controllers/schedule/precedence.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <map>

namespace patchwave::schedule {
namespace {

/// Follows what each comes after. No recursion: a chain may be as long as the list.
class Walk {
 public:
  explicit Walk(const Precedence& precedence)
      : precedence_(precedence), states_(precedence.size(), State::Unseen) {}

  /// False when `from` leads into a cycle; path() ends with it then.
  bool visit(std::size_t from) {
    if (states_[from] == State::Done) return true;
    enter(from);
    while (!path_.empty()) {
      auto& [at, next] = path_.back();
      if (next == precedence_[at].size()) {
        states_[at] = State::Done;
        sequence_.push_back(at);
        path_.pop_back();
        continue;
      }
      const std::size_t before = precedence_[at][next++];
      if (states_[before] == State::Done) continue;
      const bool is_cycle = states_[before] == State::OnPath;
      enter(before);
      if (is_cycle) return false;
    }
    return true;
  }

  /// The cycle that visit() met: its first is its last.
  [[nodiscard]] std::vector<std::size_t> cycle() const {
    const std::size_t last = path_.back().at;
    std::vector<std::size_t> cycle = {last};
    for (auto step = path_.rbegin() + 1; step != path_.rend(); ++step) {
      cycle.push_back(step->at);
      if (step->at == last) break;
    }
    std::ranges::reverse(cycle);
    return cycle;
  }
  [[nodiscard]] const std::vector<std::size_t>& sequence() const { return sequence_; }

 private:
  enum class State : std::uint8_t { Unseen, OnPath, Done };
  struct Step {
    std::size_t at;
    std::size_t next;  ///< Of what it comes after.
  };

  void enter(std::size_t at) {
    states_[at] = State::OnPath;
    path_.push_back({at, 0});
  }

  const Precedence& precedence_;
  std::vector<State> states_;
  std::vector<Step> path_;
  std::vector<std::size_t> sequence_;
};

}  // namespace

Result<Precedence> resolve_precedence(const std::vector<std::string>& names,
                                      const std::vector<std::vector<std::string>>& after) {
  std::map<std::string, std::size_t> index;
  for (std::size_t i = 0; i < names.size(); ++i) index[names[i]] = i;
  Precedence precedence(names.size());
  for (std::size_t i = 0; i < names.size(); ++i) {
    for (const auto& name : after[i]) {
      const auto found = index.find(name);
      if (found == index.end())
        return fail(
            ErrorKind::Invalid,
            fmt::format("patch '{}' is to come after '{}', which is not in the list", names[i], name));
      precedence[i].push_back(found->second);
    }
  }
  Walk walk(precedence);
  // By name, so that the cycle that is told of does not depend on the order of the rows.
  for (const auto& [name, i] : index) {
    if (walk.visit(i)) continue;
    std::string text;
    for (const auto each : walk.cycle())
      text += fmt::format("{}'{}'", text.empty() ? "" : " after ", names[each]);
    return fail(ErrorKind::Invalid, fmt::format("patches wait for each other in a circle: {}", text));
  }
  return precedence;
}

std::vector<std::size_t> in_sequence(const Precedence& precedence) {
  Walk walk(precedence);
  for (std::size_t i = 0; i < precedence.size(); ++i) walk.visit(i);
  return walk.sequence();
}

}  // namespace patchwave::schedule
