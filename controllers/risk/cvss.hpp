// CVSS scores recomputed from their vectors.
//
// 3.0 and 3.1 by the equations of the specification (FIRST, "Common Vulnerability Scoring System v3.1", §7);
// 4.0 by MacroVectors and interpolation between them (FIRST, "CVSS v4.0 Specification Document", §8).
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "operator/base/result.hpp"

namespace patchwave::risk {

enum class CvssVersion : std::uint8_t { V30, V31, V40 };

/// "3.0", "3.1" or "4.0".
std::string_view to_string(CvssVersion version);

/// What decisions are made from, the same words in every version. Letters are those of the specification; of
/// 4.0, confidentiality, integrity and availability are the vulnerable system's.
struct Cvss {
  CvssVersion version = CvssVersion::V31;
  /// 0 to 10, of the base metrics alone in 3.x; in 4.0 also of the threat and environmental metrics given,
  /// for there the specification has one score.
  double score = 0;
  char attack_vector = 'N';        ///< N A L P
  char attack_complexity = 'L';    ///< L H
  char privileges_required = 'N';  ///< N L H
  bool user_interaction = false;
  char confidentiality = 'N';  ///< H L N
  char integrity = 'N';
  char availability = 'N';
};

/// "CVSS:3.1/AV:N/…", with metrics in any order and optional ones missing. Invalid names the metric, its
/// value and what is allowed.
Result<Cvss> score_cvss(std::string_view vector);

}  // namespace patchwave::risk
