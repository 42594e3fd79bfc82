#include "controllers/intel/vulnrichment.hpp"

#include <cmath>
#include <string>

namespace patchwave::intel {
namespace {

/// Scores have one decimal.
constexpr double kSameScore = 0.05;

struct Columns {
  std::optional<std::size_t> cve;
  std::optional<std::size_t> published;
  std::optional<std::size_t> vector;
  std::optional<std::size_t> score;
  std::optional<std::size_t> automatable;
  std::optional<std::size_t> technical_impact;
  std::optional<std::size_t> decided;
};

Columns read_header(const std::vector<std::string_view>& header) {
  return {.cve = column_of(header, {"cve", "cve_id", "id"}),
          .published = column_of(header, {"published"}),
          .vector = column_of(header, {"cvss_vector", "vector"}),
          .score = column_of(header, {"cvss"}),
          .automatable = column_of(header, {"ssvc_automatable"}),
          .technical_impact = column_of(header, {"ssvc_technical_impact"}),
          .decided = column_of(header, {"ssvc_date"})};
}

void read_vector(const CsvReader& csv, const Columns& columns, VulnrichmentEntry& entry,
                 VulnrichmentFeed& feed) {
  const std::string_view vector = csv.field(columns.vector);
  if (vector.empty()) return;
  const auto cvss = risk::score_cvss(vector);
  if (!cvss) return feed.set_aside.add(csv.line(), cvss.error().message);
  entry.cvss = *cvss;
  const auto score = number(csv.field(columns.score));
  if (score && std::abs(*score - cvss->score) > kSameScore) ++feed.disagreements;
}

void read_row(const CsvReader& csv, const Columns& columns, Date as_of, VulnrichmentFeed& feed,
              std::vector<VulnrichmentEntry>& entries) {
  const auto cve = risk::parse_cve(csv.field(columns.cve));
  if (!cve) {
    return feed.set_aside.add(
        csv.line(), "cve is '" + std::string(csv.field(columns.cve).substr(0, 40)) + "' and must be a CVE");
  }
  const auto published = parse_date(csv.field(columns.published));
  if (!published)
    return feed.set_aside.add(csv.line(), published.error().within("published").message.substr(0, 120));
  if (*published > as_of) {
    ++feed.later;
    return;
  }
  VulnrichmentEntry entry{*cve, *published, {}, {}, {}};
  read_vector(csv, columns, entry, feed);
  const auto decided = parse_date(csv.field(columns.decided));
  if (decided && *decided <= as_of) {
    entry.automatable = risk::parse_automatable(csv.field(columns.automatable));
    entry.technical_impact = risk::parse_technical_impact(csv.field(columns.technical_impact));
  }
  entries.push_back(entry);
}

}  // namespace

Result<VulnrichmentFeed> parse_vulnrichment(std::string_view text, Date as_of) {
  CsvReader csv(text);
  if (!csv.next()) return fail(ErrorKind::Invalid, "there is no header");
  const Columns columns = read_header(csv.fields());
  if (!columns.cve) return fail(ErrorKind::Invalid, "the header has no column cve");
  if (!columns.published) return fail(ErrorKind::Invalid, "the header has no column published");
  VulnrichmentFeed feed;
  std::vector<VulnrichmentEntry> entries;
  while (csv.next()) read_row(csv, columns, as_of, feed, entries);
  feed.entries = ByCve(std::move(entries));
  return feed;
}

}  // namespace patchwave::intel
