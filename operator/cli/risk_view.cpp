#include "operator/cli/risk_view.hpp"

#include <fmt/format.h>

#include <charconv>
#include <cmath>

#include "operator/cli/wave_view.hpp"

namespace patchwave::cli {
namespace {

std::string times(const std::string& contribution) {
  double value = 0;
  std::from_chars(contribution.data(), contribution.data() + contribution.size(), value);
  return fmt::format("×{:.3g}", std::exp(value));
}

std::string percentage(const std::string& probability) {
  double value = 0;
  std::from_chars(probability.data(), probability.data() + probability.size(), value);
  return fmt::format("{:.3g} %", 100 * value);
}

}  // namespace

void add_risk(const api::Patch& patch, std::vector<Reason>& reasons, Time now) {
  if (!patch.status.risk) return;
  const api::RiskStatus& risk = *patch.status.risk;
  const auto& deadline = patch.status.deadline;
  const bool is_everywhere = patch.status.phase == "Succeeded";
  const bool in_time = !deadline || now < *deadline || is_everywhere;
  std::string due = "due by no day";
  if (deadline) due = fmt::format("{} {}", in_time ? "due" : "overdue since", format_when(*deadline, now));
  if (is_everywhere) due = "closed";
  reasons.push_back({"deadline", fmt::format("{}: {}", risk.deadline_class, due), in_time});
  if (risk.findings == 0) return;
  reasons.push_back({"risk",
                     fmt::format("rank {}, score {}, {} that one of {} is exploited within 90 days",
                                 risk.rank, risk.score, percentage(risk.probability), risk.findings),
                     true});
  reasons.push_back({"because", risk.reason, true});
  for (const auto& factor : risk.factors) {
    reasons.push_back(
        {"factor", fmt::format("{} {}: {}", factor.name, times(factor.contribution), factor.source), true});
  }
  if (risk.otherwise) {
    reasons.push_back({"otherwise",
                       fmt::format("{}, score {}, if {}", risk.otherwise->deadline_class,
                                   risk.otherwise->score, risk.otherwise->change),
                       true});
  }
}

}  // namespace patchwave::cli
