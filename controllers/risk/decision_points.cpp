#include "controllers/risk/decision_points.hpp"

#include <algorithm>
#include <array>
#include <cctype>

namespace patchwave::risk {
namespace {

constexpr std::array<std::string_view, 3> kExploitation = {"none", "public poc", "active"};
constexpr std::array<std::string_view, 3> kSystemExposure = {"small", "controlled", "open"};
constexpr std::array<std::string_view, 2> kAutomatable = {"no", "yes"};
constexpr std::array<std::string_view, 2> kTechnicalImpact = {"partial", "total"};
constexpr std::array<std::string_view, 4> kHumanImpact = {"low", "medium", "high", "very high"};

bool same(std::string_view word, std::string_view known) {
  return std::ranges::equal(word, known, [](char a, char b) {
    const char blank = a == '-' || a == '_' ? ' ' : a;
    return std::tolower(static_cast<unsigned char>(blank)) == b;
  });
}

template <class Value, std::size_t kCount>
std::optional<Value> read(std::string_view word, const std::array<std::string_view, kCount>& words) {
  for (std::size_t i = 0; i < kCount; ++i) {
    if (same(word, words[i])) return static_cast<Value>(i);
  }
  return std::nullopt;
}

}  // namespace

std::string_view to_string(Exploitation value) {
  return kExploitation[static_cast<std::size_t>(value)];
}
std::string_view to_string(SystemExposure value) {
  return kSystemExposure[static_cast<std::size_t>(value)];
}
std::string_view to_string(Automatable value) {
  return kAutomatable[static_cast<std::size_t>(value)];
}
std::string_view to_string(TechnicalImpact value) {
  return kTechnicalImpact[static_cast<std::size_t>(value)];
}
std::string_view to_string(HumanImpact value) {
  return kHumanImpact[static_cast<std::size_t>(value)];
}

std::optional<Exploitation> parse_exploitation(std::string_view word) {
  // What CISA's vulnrichment writes for "public poc".
  if (same(word, "poc")) return Exploitation::PublicPoc;
  return read<Exploitation>(word, kExploitation);
}
std::optional<SystemExposure> parse_system_exposure(std::string_view word) {
  return read<SystemExposure>(word, kSystemExposure);
}
std::optional<Automatable> parse_automatable(std::string_view word) {
  return read<Automatable>(word, kAutomatable);
}
std::optional<TechnicalImpact> parse_technical_impact(std::string_view word) {
  return read<TechnicalImpact>(word, kTechnicalImpact);
}
std::optional<HumanImpact> parse_human_impact(std::string_view word) {
  return read<HumanImpact>(word, kHumanImpact);
}

Automatable derive_automatable(const Cvss& cvss) {
  const bool yes = cvss.attack_vector == 'N' && cvss.attack_complexity == 'L' &&
                   cvss.privileges_required == 'N' && !cvss.user_interaction;
  return yes ? Automatable::Yes : Automatable::No;
}

TechnicalImpact derive_technical_impact(const Cvss& cvss) {
  return cvss.confidentiality == 'H' && cvss.integrity == 'H' ? TechnicalImpact::Total
                                                              : TechnicalImpact::Partial;
}

}  // namespace patchwave::risk
