#include "controllers/intel/findings.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "controllers/intel/purl.hpp"

namespace patchwave::intel {
namespace {

constexpr std::size_t kMostRows = 5'000'000;
constexpr std::size_t kLongestId = 128;
constexpr std::size_t kLongestName = 1024;
constexpr std::size_t kLongestJustification = 512;
/// Scores have one decimal.
constexpr double kSameScore = 0.05;

enum Column : std::uint8_t {
  Id,
  Aliases,
  Vector,
  Score,
  Published,
  Exposure,
  Criticality,
  Automatable,
  TechnicalImpact,
  Mitigation,
  Vex,
  Justification,
  Product,
  Component,
  Epss,
  Kev,
  Ransomware,
  Metasploit,
  Nuclei,
  ProofOfConcept,
  ColumnCount
};

using Header = std::array<std::optional<std::size_t>, ColumnCount>;

Header find_columns(const std::vector<std::string_view>& names) {
  Header header;
  header[Id] = column_of(names, {"cve", "cve_id", "vulnerability_id", "vulnerabilityid", "id"});
  header[Aliases] = column_of(names, {"aliases"});
  header[Vector] = column_of(names, {"cvss_vector", "vector"});
  header[Score] = column_of(names, {"cvss"});
  header[Published] = column_of(names, {"published", "vendor_release_date"});
  header[Exposure] = column_of(names, {"exposure"});
  header[Criticality] = column_of(names, {"criticality"});
  header[Automatable] = column_of(names, {"ssvc_automatable", "automatable"});
  header[TechnicalImpact] = column_of(names, {"ssvc_technical_impact", "technical_impact"});
  header[Mitigation] = column_of(names, {"mitigation"});
  header[Vex] = column_of(names, {"vex", "status"});
  header[Justification] = column_of(names, {"justification"});
  header[Product] = column_of(names, {"product"});
  header[Component] = column_of(names, {"component"});
  header[Epss] = column_of(names, {"epss"});
  header[Kev] = column_of(names, {"kev"});
  header[Ransomware] = column_of(names, {"kev_ransomware"});
  header[Metasploit] = column_of(names, {"metasploit"});
  header[Nuclei] = column_of(names, {"nuclei"});
  header[ProofOfConcept] = column_of(names, {"proof_of_concept", "poc"});
  return header;
}

/// One row's values as they are read; what can't be read is told of and missing.
class RowReader {
 public:
  RowReader(const CsvReader& csv, const Header& header, Date as_of, Findings& findings)
      : csv_(csv), header_(header), as_of_(as_of), findings_(findings) {}

  void read() {
    const std::string_view id = csv_.field(header_[Id]);
    if (id.empty() || id.size() > kLongestId)
      return findings_.set_aside.add(csv_.line(), "the row has no name of a vulnerability and is left out");
    FindingRow row{std::string(id),
                   csv_.line(),
                   {},
                   std::nullopt,
                   normal_purl(field(Product).substr(0, kLongestName)),
                   normal_purl(field(Component).substr(0, kLongestName))};
    row.finding.vulnerability.cve = find_cve(id);
    if (!row.finding.vulnerability.cve && id.substr(0, 3).size() == 3 && same_word(id.substr(0, 3), "CVE"))
      missing("cve", id, "CVE, a year and at least four digits, such as CVE-2024-3094");
    if (!read_published(row.finding.vulnerability)) {
      ++findings_.later;
      return;
    }
    read_cvss(row.finding.vulnerability);
    read_signals(row);
    read_asset(row.finding);
    findings_.rows.push_back(std::move(row));
  }

 private:
  std::string_view field(Column column) const { return csv_.field(header_[column]); }
  void missing(std::string_view name, std::string_view value, std::string_view allowed) {
    findings_.set_aside.add(csv_.line(), fmt::format("{} is '{}', must be {}, and counts as missing", name,
                                                     value.substr(0, 40), allowed));
  }

  std::optional<risk::CveId> find_cve(std::string_view id) const {
    if (auto cve = risk::parse_cve(id)) return cve;
    std::string_view aliases = field(Aliases);
    while (!aliases.empty()) {
      const auto end = aliases.find_first_of(" ;|");
      if (auto cve = risk::parse_cve(aliases.substr(0, end))) return cve;
      aliases = end == std::string_view::npos ? std::string_view() : aliases.substr(end + 1);
    }
    return std::nullopt;
  }

  /// False when it is of a day that has not come yet.
  bool read_published(risk::Vulnerability& vulnerability) {
    const std::string_view text = field(Published);
    if (text.empty()) return true;
    const auto date = parse_date(text);
    if (!date) {
      missing("published", text, "a date such as 2024-09-30");
      return true;
    }
    vulnerability.published = *date;
    return *date <= as_of_;
  }

  void read_cvss(risk::Vulnerability& vulnerability) {
    const std::string_view vector = field(Vector);
    if (vector.empty()) return;
    const auto cvss = risk::score_cvss(vector);
    if (!cvss) return findings_.set_aside.add(csv_.line(), cvss.error().message + ", and counts as missing");
    vulnerability.cvss = *cvss;
    const auto score = number(field(Score));
    if (score && std::abs(*score - cvss->score) > kSameScore) ++findings_.disagreements;
  }

  std::optional<Date> read_seen(Column column, std::string_view name) {
    const std::string_view text = field(column);
    const auto is_any = [&](auto... words) { return (same_word(text, words) || ...); };
    if (text.empty() || is_any("0", "no", "false")) return std::nullopt;
    if (is_any("1", "yes", "true")) return as_of_;
    const auto date = parse_date(text);
    if (!date) {
      missing(name, text, "yes, no, 1, 0 or a date");
      return std::nullopt;
    }
    return *date <= as_of_ ? std::optional(*date) : std::nullopt;
  }

  void read_signals(FindingRow& row) {
    risk::Vulnerability& vulnerability = row.finding.vulnerability;
    if (const auto added = read_seen(Kev, "kev"))
      vulnerability.kev =
          risk::Kev{*added, read_seen(Ransomware, "kev_ransomware").has_value(), !parse_date(field(Kev))};
    vulnerability.listed.metasploit = !field(Metasploit).empty();
    vulnerability.listed.nuclei = !field(Nuclei).empty();
    vulnerability.listed.proof_of_concept = !field(ProofOfConcept).empty();
    vulnerability.signals.metasploit = read_seen(Metasploit, "metasploit");
    vulnerability.signals.nuclei = read_seen(Nuclei, "nuclei");
    vulnerability.signals.proof_of_concept = read_seen(ProofOfConcept, "proof_of_concept");
    const std::string_view text = field(Epss);
    if (text.empty()) return;
    const auto score = number(text);
    if (!score || *score <= 0 || *score >= 1) return missing("epss", text, "a number above 0 and below 1");
    row.epss_score = static_cast<float>(*score);
  }

  template <class Value>
  void read_word(Column column, std::string_view name, std::optional<Value> (*parse)(std::string_view),
                 std::string_view allowed, std::optional<Value>& into) {
    const std::string_view word = field(column);
    if (word.empty()) return;
    into = parse(word);
    if (!into) missing(name, word, allowed);
  }

  void read_asset(risk::Finding& finding) {
    read_word(Exposure, "exposure", risk::parse_system_exposure, "small, controlled or open",
              finding.exposure);
    read_word(Criticality, "criticality", risk::parse_human_impact, "low, medium, high or very high",
              finding.criticality);
    read_word(Automatable, "automatable", risk::parse_automatable, "yes or no", finding.automatable);
    read_word(TechnicalImpact, "technical_impact", risk::parse_technical_impact, "partial or total",
              finding.technical_impact);
    if (const std::string_view text = field(Mitigation); !text.empty()) {
      const auto share = number(text);
      if (share && *share >= 0 && *share <= 1) {
        finding.mitigation = *share;
      } else {
        missing("mitigation", text, "a number from 0 to 1");
      }
    }
    const std::string_view status = field(Vex);
    finding.not_affected = same_word(status, "not_affected") || same_word(status, "fixed");
    if (finding.not_affected) {
      const std::string_view why = field(Justification);
      finding.justification = why.empty() ? status : why.substr(0, kLongestJustification);
    }
  }

  const CsvReader& csv_;
  const Header& header_;
  Date as_of_;
  Findings& findings_;
};

}  // namespace

Result<Findings> parse_findings(std::string_view text, Date as_of) {
  CsvReader csv(text);
  if (!csv.next()) return fail(ErrorKind::Invalid, "there is no header");
  const Header header = find_columns(csv.fields());
  if (!header[Id]) return fail(ErrorKind::Invalid, "the header has no column cve");
  Findings findings;
  for (std::size_t column = 0; column < csv.fields().size(); ++column) {
    const bool used = std::ranges::find(header, std::optional(column)) != header.end();
    if (!used) findings.unused_columns.emplace_back(csv.fields()[column].substr(0, 40));
  }
  while (csv.next()) {
    if (findings.rows.size() == kMostRows)
      return fail(ErrorKind::TooLarge, fmt::format("there are more than {} rows", kMostRows));
    RowReader(csv, header, as_of, findings).read();
  }
  return findings;
}

}  // namespace patchwave::intel
