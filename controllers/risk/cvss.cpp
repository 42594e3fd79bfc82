#include "controllers/risk/cvss.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "controllers/risk/cvss_vector.hpp"

namespace patchwave::risk {
namespace {

/// A vector with every metric of 4.0 has fewer than 200 bytes.
constexpr std::size_t kLongestVector = 512;

}  // namespace

std::string_view to_string(CvssVersion version) {
  switch (version) {
    case CvssVersion::V30:
      return "3.0";
    case CvssVersion::V31:
      return "3.1";
    case CvssVersion::V40:
      break;
  }
  return "4.0";
}

Result<CvssMetrics> read_cvss_metrics(std::string_view vector, std::size_t prefix,
                                      std::span<const CvssMetric> definition) {
  CvssMetrics metrics;
  metrics.letters.fill('X');
  std::array<bool, CvssMetrics::kMost> seen{};
  const auto invalid = [&](const std::string& problem) {
    return fail(ErrorKind::Invalid, fmt::format("CVSS vector '{}': {}", vector, problem));
  };
  std::string_view rest = vector.substr(prefix);
  while (!rest.empty()) {
    const auto end = rest.find('/');
    const std::string_view part = rest.substr(0, end);
    rest = end == std::string_view::npos ? std::string_view() : rest.substr(end + 1);
    const auto colon = part.find(':');
    const auto known = std::ranges::find(definition, part.substr(0, colon), &CvssMetric::name);
    if (colon == std::string_view::npos || known == definition.end())
      return invalid(fmt::format("'{}' is not a metric of this version", part));
    const auto value = part.substr(colon + 1);
    const auto at = static_cast<std::size_t>(known - definition.begin());
    if (seen[at]) return invalid(fmt::format("{} is given twice", known->name));
    if (value.size() != 1 || known->values.find(value) == std::string_view::npos) {
      // 4.0's provider urgency is a word: Clear, Green, Amber or Red. It is no part of the score.
      const bool is_word = known->name == "U" && (value == "Clear" || value == "Green" || value == "Amber" ||
                                                  value == "Red" || value == "X");
      if (!is_word)
        return invalid(
            fmt::format("{} is '{}' and must be one of the letters {}", known->name, value, known->values));
    }
    seen[at] = true;
    metrics.letters[at] = value.front();
  }
  for (std::size_t i = 0; i < definition.size(); ++i) {
    if (definition[i].mandatory && !seen[i]) return invalid(fmt::format("{} is missing", definition[i].name));
  }
  return metrics;
}

Result<Cvss> score_cvss(std::string_view vector) {
  if (vector.size() > kLongestVector)
    return fail(ErrorKind::Invalid,
                fmt::format("a CVSS vector has {} bytes and may have {}", vector.size(), kLongestVector));
  if (vector.starts_with("CVSS:3.1/")) return score_cvss_v3(vector, CvssVersion::V31);
  if (vector.starts_with("CVSS:3.0/")) return score_cvss_v3(vector, CvssVersion::V30);
  if (vector.starts_with("CVSS:4.0/")) return score_cvss_v4(vector);
  return fail(ErrorKind::Invalid,
              fmt::format("CVSS vector '{}' must begin with CVSS:3.0/, CVSS:3.1/ or CVSS:4.0/", vector));
}

}  // namespace patchwave::risk
