// Disruption is counted over all waves of a policy, also while several are being decided at once.
#pragma once

#include <algorithm>
#include <functional>
#include <map>
#include <mutex>
#include <string>

namespace patchwave::wave {

/// What each wave has in transition. A decision that claims a target is counted here before it is
/// written, because the caches show it only later. A count that was never written (the write failed) is put
/// right at that wave's next decision.
class BudgetLedger {
 public:
  /// In transition, by wave UID, as far as objects show it.
  using Counts = std::map<std::string, int>;

  /// Calls `decide` with how many targets all *other* waves have in transition, and takes down what it
  /// returns for this one. Calls for the same policy never overlap.
  void with_others(const std::string& policy, const std::string& wave_uid, const Counts& seen,
                   const std::function<int(int others)>& decide) {
    const std::scoped_lock lock(mutex_);
    auto& known = ledger_[policy];
    std::erase_if(known,
                  [&](const auto& entry) { return entry.first != wave_uid && !seen.contains(entry.first); });
    int others = 0;
    for (const auto& [uid, count] : seen) {
      if (uid == wave_uid) continue;
      const auto recorded = known.find(uid);
      others += recorded == known.end() ? count : std::max(count, recorded->second);
    }
    known[wave_uid] = decide(others);
  }

 private:
  std::mutex mutex_;
  std::map<std::string, Counts> ledger_;
};

}  // namespace patchwave::wave
