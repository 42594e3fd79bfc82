// `explain`: the chain of why. Each rule with what was observed, in the words of conditions, events and
// metrics.
#pragma once

#include <string>
#include <vector>

#include "controllers/api/approval.hpp"
#include "controllers/api/patch.hpp"
#include "controllers/api/policy.hpp"
#include "controllers/api/wave.hpp"
#include "operator/cli/style.hpp"

namespace patchwave::cli {

struct Reason {
  std::string rule;      ///< "window"
  std::string observed;  ///< "closed, opens Sat 22 Nov 02:00 UTC (in 5h30m)"
  bool met = true;
};

struct Explanation {
  std::string headline;  ///< "web-1.4.3-rest is waiting: ApprovalRequired."
  std::vector<Reason> reasons;
  std::string moved_by;  ///< "" when it moves by itself or has ended.
  std::string command;   ///< "" when there is none.
};

/// What an explanation of a wave is made from. What could not be read is left out, and its rule says so.
struct WaveSurroundings {
  std::vector<api::PatchWave> waves;          ///< Of the namespace.
  std::vector<api::PatchApproval> approvals;  ///< Of the namespace.
  std::optional<api::Patch> patch;
};

Explanation explain_wave(const api::PatchWave& wave, const WaveSurroundings& around,
                         const std::string& program, Time now);
Explanation explain_patch(const api::Patch& patch, const std::vector<api::PatchWave>& waves,
                          const std::string& program, Time now);
Explanation explain_policy(const api::PatchPolicy& policy, Time now);

std::string render_explanation(const Explanation& explanation, const Style& style);
Json print_explanation(const Explanation& explanation);

}  // namespace patchwave::cli
