#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "controllers/intel/findings.hpp"
#include "controllers/intel/purl.hpp"
#include "operator/base/json.hpp"

namespace patchwave::intel {
namespace {

constexpr std::size_t kLargestText = std::size_t{64} << 20U;
constexpr std::size_t kLongestId = 128;
constexpr std::size_t kLongestJustification = 512;
/// Scores have one decimal.
constexpr double kSameScore = 0.05;

/// Takes findings in, and tells of what can't be read.
class Collector {
 public:
  explicit Collector(Date as_of) : as_of_(as_of) {}

  /// Begins the next vulnerability; nullopt when it has no name.
  std::optional<FindingRow> begin(const std::string& id) {
    ++number_;
    if (id.empty() || id.size() > kLongestId) {
      findings_.set_aside.add(number_, "the vulnerability has no name and is left out");
      return std::nullopt;
    }
    FindingRow row;
    row.id = id;
    row.line = number_;
    row.finding.vulnerability.cve = risk::parse_cve(id);
    return row;
  }

  void set_published(FindingRow& row, const std::string& text) {
    if (text.empty()) return;
    const auto date = parse_date(text);
    if (!date)
      return findings_.set_aside.add(number_,
                                     date.error().message.substr(0, 120) + ", and counts as missing");
    row.finding.vulnerability.published = *date;
  }

  void set_cvss(FindingRow& row, const std::string& vector, const Json* score) {
    const auto cvss = risk::score_cvss(vector);
    if (!cvss) return findings_.set_aside.add(number_, cvss.error().message + ", and counts as missing");
    row.finding.vulnerability.cvss = *cvss;
    if (score != nullptr && score->is_number() && std::abs(score->get<double>() - cvss->score) > kSameScore)
      ++findings_.disagreements;
  }

  void end(FindingRow row) {
    if (row.finding.vulnerability.published.value_or(as_of_) > as_of_) {
      ++findings_.later;
    } else {
      findings_.rows.push_back(std::move(row));
    }
  }

  Findings take() { return std::move(findings_); }

 private:
  Date as_of_;
  Findings findings_;
  std::size_t number_ = 0;
};

// trivy-operator
// -----------------------------------------------------------------------------------------------------

struct Vector {
  std::string text;
  const Json* score = nullptr;
};

/// Of several sources NVD's first, then the first in the order of names; the newest version of the one.
Vector vector_of(const Json& sources) {
  constexpr std::array<std::pair<const char*, const char*>, 2> kVersions = {
      {{"V40Vector", "V40Score"}, {"V3Vector", "V3Score"}}};
  const auto of = [&](const Json& source) -> Vector {
    for (const auto& [vector, score] : kVersions) {
      if (auto text = string_at(source, {vector}); !text.empty())
        return {std::move(text), find(source, {score})};
    }
    return {};
  };
  if (auto nvd = of(object_at(sources, {"nvd"})); !nvd.text.empty()) return nvd;
  for (const auto& [name, source] : sources.items()) {
    if (auto other = of(source); !other.text.empty()) return other;
  }
  return {};
}

void read_trivy_report(const Json& report, Collector& collector) {
  const std::string product = image_purl(string_at(report, {"report", "registry", "server"}),
                                         string_at(report, {"report", "artifact", "repository"}));
  for (const Json& vulnerability : array_at(report, {"report", "vulnerabilities"})) {
    auto row = collector.begin(string_at(vulnerability, {"vulnerabilityID"}));
    if (!row) continue;
    collector.set_published(*row, string_at(vulnerability, {"publishedDate"}));
    const auto vector = vector_of(object_at(vulnerability, {"cvss"}));
    if (!vector.text.empty()) collector.set_cvss(*row, vector.text, vector.score);
    row->product = product;
    row->component =
        normal_purl(string_at(vulnerability, {"packagePURL"}, string_at(vulnerability, {"resource"})));
    collector.end(std::move(*row));
  }
}

// CycloneDX
// ----------------------------------------------------------------------------------------------------------

/// Methods of ratings, and what their vectors begin with where they leave it out.
constexpr std::array<std::pair<std::string_view, std::string_view>, 3> kMethods = {
    {{"CVSSv4", "CVSS:4.0/"}, {"CVSSv31", "CVSS:3.1/"}, {"CVSSv3", "CVSS:3.0/"}}};

void read_ratings(const Json& vulnerability, FindingRow& row, Collector& collector) {
  for (const auto& [method, prefix] : kMethods) {
    for (const Json& rating : array_at(vulnerability, {"ratings"})) {
      std::string vector = string_at(rating, {"vector"});
      if (vector.empty() || string_at(rating, {"method"}) != method) continue;
      if (!vector.starts_with("CVSS:")) vector.insert(0, prefix);
      return collector.set_cvss(row, vector, find(rating, {"score"}));
    }
  }
}

void read_analysis(const Json& vulnerability, FindingRow& row) {
  const std::string state = string_at(vulnerability, {"analysis", "state"});
  const std::array<std::string_view, 4> closed = {"not_affected", "false_positive", "resolved",
                                                  "resolved_with_pedigree"};
  row.finding.not_affected = std::ranges::find(closed, state) != closed.end();
  if (!row.finding.not_affected) return;
  std::string text = string_at(vulnerability, {"analysis", "justification"}, state);
  const std::string detail = string_at(vulnerability, {"analysis", "detail"});
  if (!detail.empty()) text += ": " + detail;
  row.finding.justification = text.substr(0, kLongestJustification);
}

void read_cyclone_dx(const Json& document, Collector& collector) {
  for (const Json& vulnerability : array_at(document, {"vulnerabilities"})) {
    auto row = collector.begin(string_at(vulnerability, {"id"}));
    if (!row) continue;
    for (const Json& reference : array_at(vulnerability, {"references"})) {
      auto& cve = row->finding.vulnerability.cve;
      if (!cve) cve = risk::parse_cve(string_at(reference, {"id"}));
    }
    collector.set_published(*row, string_at(vulnerability, {"published"}));
    read_ratings(vulnerability, *row, collector);
    read_analysis(vulnerability, *row);
    const Json& affects = array_at(vulnerability, {"affects"});
    for (const Json& affected : affects) {
      auto each = *row;
      each.product = normal_purl(string_at(affected, {"ref"}));
      collector.end(std::move(each));
    }
    if (affects.empty()) collector.end(std::move(*row));
  }
}

bool is_trivy_report(const Json& json) {
  return find(json, {"report", "vulnerabilities"}) != nullptr;
}

}  // namespace

Result<Findings> parse_findings_json(std::string_view text, Date as_of) {
  if (text.size() > kLargestText)
    return fail(ErrorKind::TooLarge, fmt::format("JSON of more than {} bytes", kLargestText));
  const auto json = parse_json(text, "findings");
  if (!json) return fail(json.error());
  Collector collector(as_of);
  const Json& items = array_at(*json, {"items"});
  if (is_trivy_report(*json)) {
    read_trivy_report(*json, collector);
  } else if (!items.empty() && std::ranges::all_of(items, is_trivy_report)) {
    for (const Json& report : items) read_trivy_report(report, collector);
  } else if (string_at(*json, {"bomFormat"}) == "CycloneDX" && find(*json, {"vulnerabilities"}) != nullptr) {
    read_cyclone_dx(*json, collector);
  } else {
    return fail(ErrorKind::Invalid,
                "neither VulnerabilityReports of trivy-operator nor CycloneDX with vulnerabilities");
  }
  return collector.take();
}

}  // namespace patchwave::intel
