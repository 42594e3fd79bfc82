#include "controllers/judge/floors.hpp"

#include <fmt/format.h>

namespace patchwave::judge {

Finding judge_floors(const FloorEvidence& evidence, const FloorLimits& limits) {
  Finding finding;
  if (evidence.canary_wanted <= 0) {
    finding.absence = Absence::NoData;
    finding.message = "no canary copy is wanted, so none can be judged";
    return finding;
  }
  finding.verdict = Verdict::Harm;
  if (evidence.nodes_lost > limits.most_nodes_lost) {
    finding.message =
        fmt::format("{} patched nodes are lost; {} may be", evidence.nodes_lost, limits.most_nodes_lost);
  } else if (evidence.crash_looping > limits.most_crash_looping) {
    finding.message = fmt::format("{} canary copies crash in a loop; {} may", evidence.crash_looping,
                                  limits.most_crash_looping);
  } else if (evidence.canary_ready < limits.least_ready_share * evidence.canary_wanted) {
    finding.message = fmt::format("{} of {} canary copies are ready; {:g} % must be", evidence.canary_ready,
                                  evidence.canary_wanted, 100 * limits.least_ready_share);
  } else {
    finding.verdict = Verdict::Pass;
    finding.message =
        fmt::format("{} of {} canary copies are ready", evidence.canary_ready, evidence.canary_wanted);
  }
  return finding;
}

}  // namespace patchwave::judge
