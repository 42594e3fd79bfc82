// Rows of a feed by CVE, sorted: half a million of them take no more memory than they are long.
#pragma once

#include <algorithm>
#include <vector>

#include "controllers/risk/vulnerability.hpp"

namespace patchwave::intel {

/// Entry has a member `cve`. Of rows for the same CVE the first one that was added stays.
template <class Entry>
class ByCve {
 public:
  ByCve() = default;
  explicit ByCve(std::vector<Entry> entries) : entries_(std::move(entries)) {
    if (!std::ranges::is_sorted(entries_, {}, &Entry::cve))
      std::ranges::stable_sort(entries_, {}, &Entry::cve);
    const auto again = std::ranges::unique(entries_, {}, &Entry::cve);
    entries_.erase(again.begin(), again.end());
  }

  /// nullptr for a CVE that the feed doesn't have.
  [[nodiscard]] const Entry* find(const risk::CveId& cve) const {
    const auto entry = std::ranges::lower_bound(entries_, cve, {}, &Entry::cve);
    return entry != entries_.end() && entry->cve == cve ? &*entry : nullptr;
  }
  [[nodiscard]] const std::vector<Entry>& entries() const { return entries_; }
  [[nodiscard]] std::size_t size() const { return entries_.size(); }

 private:
  std::vector<Entry> entries_;
};

}  // namespace patchwave::intel
