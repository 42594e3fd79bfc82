#include <set>

#include "controllers/drain/drain.hpp"

namespace patchwave::drain {
namespace {

/// kubectl drain's own pace.
constexpr milliseconds kAgain{5'000};
/// What the API server suggests for a stale budget.
constexpr milliseconds kStaleBudget{10'000};
/// Deletion began and the pod does not show it: a read that was behind, or a deletion that was lost.
constexpr milliseconds kUnseen{10'000};
/// Nothing changes here by itself.
constexpr milliseconds kSlow{60'000};

milliseconds pause_after(Answer answer, std::optional<milliseconds> retry_after) {
  switch (answer) {
    case Answer::Started:
    case Answer::Gone:
      return kUnseen;
    case Answer::BudgetNotCurrent:
    case Answer::Throttled:
      return retry_after.value_or(kStaleBudget);
    case Answer::SeveralBudgets:
    case Answer::NamespaceTerminating:
      return kSlow;
    case Answer::Blocked:
    case Answer::Failed:
      break;
  }
  return retry_after.value_or(kAgain);
}

}  // namespace

void Progress::learn(const std::string& pod_uid, Answer answer, std::string message,
                     std::optional<milliseconds> retry_after, Time now) {
  const Time again = now + pause_after(answer, retry_after);
  attempts[pod_uid] = {answer, std::move(message), again};
  if (answer == Answer::Throttled) quiet_until = again;
}

void Progress::forget_all_but(const std::vector<Pod>& pods) {
  std::set<std::string_view> there;
  for (const auto& pod : pods) there.insert(pod.uid);
  std::erase_if(attempts, [&](const auto& each) { return !there.contains(each.first); });
}

}  // namespace patchwave::drain
