// Metrics of a CVSS vector by name. Shared by the versions; not for use outside this folder.
#pragma once

#include <array>
#include <span>
#include <string_view>

#include "controllers/risk/cvss.hpp"

namespace patchwave::risk {

struct CvssMetric {
  std::string_view name;
  std::string_view values;  ///< One letter each; longer values of 4.0's supplemental metrics are not kept.
  bool mandatory = false;
};

/// Letters by the place of their metric in the definition; 'X' where nothing was given.
struct CvssMetrics {
  static constexpr std::size_t kMost = 32;
  std::array<char, kMost> letters{};
};

Result<CvssMetrics> read_cvss_metrics(std::string_view vector, std::size_t prefix,
                                      std::span<const CvssMetric> definition);

Result<Cvss> score_cvss_v3(std::string_view vector, CvssVersion version);
Result<Cvss> score_cvss_v4(std::string_view vector);

}  // namespace patchwave::risk
