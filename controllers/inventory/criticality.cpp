#include "controllers/inventory/criticality.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "controllers/api/patch_risk.hpp"
#include "controllers/inventory/marks.hpp"

namespace patchwave::inventory {
namespace {

using risk::HumanImpact;

constexpr std::array<std::string_view, 6> kLesserWords = {"dev",     "test",    "testing",
                                                          "sandbox", "staging", "preview"};
constexpr std::int64_t kCopiesThatMatter = 3;

std::optional<Criticality> stated(const Json& object, std::string_view of) {
  const auto mark = mark_of(object, api::kCriticalityKey);
  const auto level = mark ? risk::parse_human_impact(mark->value) : std::nullopt;
  if (!level) return std::nullopt;
  return Criticality{*level, fmt::format("{} {} of the {}", mark->where, api::kCriticalityKey, of)};
}

bool is_lesser(std::string_view name) {
  while (!name.empty()) {
    const auto end = name.find('-');
    if (std::ranges::find(kLesserWords, name.substr(0, end)) != kLesserWords.end()) return true;
    name = end == std::string_view::npos ? std::string_view() : name.substr(end + 1);
  }
  return false;
}

Criticality inferred(const Json& workload, const std::string& ns, const Exposure& exposure) {
  const std::string priority = string_at(workload, {"spec", "template", "spec", "priorityClassName"});
  if (priority == "system-cluster-critical" || priority == "system-node-critical")
    return {HumanImpact::VeryHigh, "inferred: priority class " + priority};
  if (ns == "kube-system") return {HumanImpact::High, "inferred: namespace kube-system"};
  if (is_lesser(ns)) return {HumanImpact::Low, "inferred: namespace " + ns};
  const auto copies = integer_at(workload, {"spec", "replicas"}, 1);
  if (exposure.level == risk::SystemExposure::Open && copies >= kCopiesThatMatter)
    return {HumanImpact::High, fmt::format("inferred: openly exposed in {} copies", copies)};
  return {HumanImpact::Medium, "inferred: nothing says otherwise"};
}

}  // namespace

Criticality criticality_of(const Json& workload, const Json& ns, const Exposure& exposure) {
  if (auto own = stated(workload, "workload")) return *own;
  if (auto shared = stated(ns, "namespace")) return *shared;
  auto criticality = inferred(workload, string_at(workload, {"metadata", "namespace"}), exposure);
  // Somebody meant to say something: what can't be read is not passed over in silence.
  for (const Json* object : {&workload, &ns}) {
    if (const auto mark = mark_of(*object, api::kCriticalityKey)) {
      criticality.evidence += fmt::format("; '{:.20}' of {} is none of low, medium, high, very-high",
                                          mark->value, api::kCriticalityKey);
      break;
    }
  }
  return criticality;
}

}  // namespace patchwave::inventory
