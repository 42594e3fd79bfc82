#include "controllers/judge/limits.hpp"

#include <algorithm>

namespace patchwave::judge {
namespace {

/// Up to this ratio, more slow requests on the canary are no harm.
constexpr double kLatencyHarmAbove = 1.1;

}  // namespace

RateRatioLimits rate_ratio_limits(const api::GateSpec& gate) {
  RateRatioLimits limits;
  limits.tolerate = gate.tolerate.value_or(limits.tolerate);
  limits.alpha = gate.alpha.value_or(limits.alpha);
  limits.beta = gate.beta.value_or(limits.beta);
  if (gate.histogram) limits.harm_above = std::min(kLatencyHarmAbove, limits.tolerate);
  return limits;
}

GaugeLimits gauge_limits(const api::GateSpec& gate) {
  GaugeLimits limits;
  limits.tolerate = gate.tolerate.value_or(limits.tolerate);
  limits.alpha = gate.alpha.value_or(limits.alpha);
  limits.beta = gate.beta.value_or(limits.beta);
  limits.effect_floor = std::min(limits.effect_floor, limits.tolerate);
  return limits;
}

}  // namespace patchwave::judge
