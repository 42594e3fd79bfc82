// The words of the API's enumerations. One table each, read in both directions.
#pragma once

#include <span>
#include <utility>

#include "controllers/api/common.hpp"
#include "controllers/api/policy.hpp"
#include "controllers/api/wave.hpp"

namespace patchwave::api {

template <class Enum>
using Names = std::span<const std::pair<Enum, std::string_view>>;

/// Every value with its word, in the order of the schema.
template <class Enum>
Names<Enum> names_of();

template <>
Names<Mode> names_of<Mode>();
template <>
Names<OnHarm> names_of<OnHarm>();
template <>
Names<OnUndecided> names_of<OnUndecided>();
template <>
Names<UpdateScope> names_of<UpdateScope>();
template <>
Names<Verdict> names_of<Verdict>();
template <>
Names<TargetKind> names_of<TargetKind>();
template <>
Names<WavePhase> names_of<WavePhase>();
template <>
Names<TargetState> names_of<TargetState>();
template <>
Names<NodeStep> names_of<NodeStep>();
template <>
Names<Reboot> names_of<Reboot>();
template <>
Names<PodTreatment> names_of<PodTreatment>();
template <>
Names<RollbackCause> names_of<RollbackCause>();

template <class Enum>
std::string_view word_of(Enum value) {
  for (const auto& [known, word] : names_of<Enum>()) {
    if (known == value) return word;
  }
  return "";
}

template <class Enum>
std::optional<Enum> value_of(std::string_view text) {
  for (const auto& [value, word] : names_of<Enum>()) {
    if (word == text) return value;
  }
  return std::nullopt;
}

}  // namespace patchwave::api
