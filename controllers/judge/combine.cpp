#include <fmt/format.h>

#include <algorithm>

#include "controllers/judge/judge.hpp"

namespace patchwave::judge {
namespace {

Finding undecided(std::span<const Finding> findings) {
  Finding combined;
  bool first = true;
  for (const auto& finding : findings) {
    if (finding.verdict != Verdict::Undecided) continue;
    const bool first_absence = combined.absence == Absence::None && finding.absence != Absence::None;
    if (first || first_absence) {
      combined.absence = finding.absence;
      combined.message = finding.message;
      combined.target = finding.target;
    }
    first = false;
    if (finding.decides_time) {
      combined.decides_time =
          std::max(combined.decides_time.value_or(*finding.decides_time), *finding.decides_time);
    }
  }
  return combined;
}

}  // namespace

Finding combine(std::span<const Finding> findings) {
  if (findings.empty())
    return {Verdict::Undecided, Absence::None, "there is nothing to judge by yet", "", {}};
  const auto harm = std::ranges::find(findings, Verdict::Harm, &Finding::verdict);
  if (harm != findings.end()) return *harm;
  const bool passed =
      std::ranges::all_of(findings, [](const Finding& finding) { return finding.verdict == Verdict::Pass; });
  if (!passed) return undecided(findings);
  if (findings.size() == 1) return findings.front();
  return {Verdict::Pass, Absence::None, fmt::format("all {} findings pass", findings.size()), "",
          std::nullopt};
}

}  // namespace patchwave::judge
