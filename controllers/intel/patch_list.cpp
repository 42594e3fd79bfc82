#include "controllers/intel/patch_list.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <tuple>

namespace patchwave::intel {
namespace {

constexpr std::size_t kMostRows = 100'000;
constexpr std::size_t kLongestField = 512;
constexpr std::size_t kShown = 40;
constexpr int kMostSystems = 1'000'000;

enum Column : std::uint8_t {
  Name,
  Cve,
  Group,
  Affected,
  Vendor,
  Product,
  Detected,
  Exploitation,
  After,
  ColumnCount
};
constexpr std::array<std::string_view, ColumnCount> kNames = {
    "patch_id",          "cve",  "asset_group", "affected_systems", "vendor", "product", "detected",
    "ssvc_exploitation", "after"};
constexpr std::array kRequired = {Name, Cve, Group, Affected};
/// Columns of findings that a list without them is the poorer for.
constexpr std::array<std::string_view, 10> kTelling = {
    "cvss_vector", "vendor_release_date",   "epss",   "kev",    "metasploit", "ssvc_automatable",
    "nuclei",      "ssvc_technical_impact", "vendor", "product"};

using Header = std::array<std::optional<std::size_t>, ColumnCount>;

Result<Header> read_header(const std::vector<std::string_view>& names) {
  Header header;
  for (std::size_t i = 0; i < ColumnCount; ++i) header[i] = column_of(names, {kNames[i]});
  std::vector<std::string_view> missing;
  for (const auto column : kRequired) {
    if (!header[column]) missing.push_back(kNames[column]);
  }
  if (missing.empty()) return header;
  return fail(ErrorKind::Invalid, fmt::format("the header lacks the column{} {}",
                                              missing.size() == 1 ? "" : "s", fmt::join(missing, ", ")));
}

std::string text_of(std::string_view field) {
  return std::string(field.substr(0, kLongestField));
}

/// Each once, in order.
std::vector<std::string> read_names(std::string_view text) {
  constexpr std::string_view kApart = " \t;";
  std::vector<std::string> names;
  for (std::size_t at = text.find_first_not_of(kApart); at != std::string_view::npos;
       at = text.find_first_not_of(kApart, at)) {
    const std::size_t end = std::min(text.find_first_of(kApart, at), text.size());
    std::string name = text_of(text.substr(at, end - at));
    if (std::ranges::find(names, name) == names.end()) names.push_back(std::move(name));
    at = end;
  }
  return names;
}

class RowReader {
 public:
  RowReader(const CsvReader& csv, const Header& header, Date as_of, SetAside& set_aside)
      : csv_(csv), header_(header), as_of_(as_of), set_aside_(set_aside) {}

  /// nullopt for a row without a name or a group.
  std::optional<PatchRow> read(FindingRow finding) {
    PatchRow row;
    row.name = text_of(field(Name));
    row.group = text_of(field(Group));
    if (row.name.empty() || row.group.empty()) {
      set_aside_.add(csv_.line(), fmt::format("the row has no {} and is left out",
                                              kNames[row.name.empty() ? Name : Group]));
      return std::nullopt;
    }
    row.vendor = text_of(field(Vendor));
    row.product = text_of(field(Product));
    row.after = read_names(field(After));
    row.finding = std::move(finding);
    read_affected(row);
    read_detected(row);
    read_exploitation(row.finding.finding.vulnerability);
    return row;
  }

 private:
  std::string_view field(Column column) const { return csv_.field(header_[column]); }
  void missing(Column column, std::string_view allowed) {
    set_aside_.add(csv_.line(), fmt::format("{} is '{}', must be {}, and counts as missing", kNames[column],
                                            field(column).substr(0, kShown), allowed));
  }

  void read_affected(PatchRow& row) {
    const std::string_view text = field(Affected);
    int value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error == std::errc() && end == text.data() + text.size() && value >= 1 && value <= kMostSystems) {
      row.affected = value;
    } else {
      missing(Affected, fmt::format("a number from 1 to {}", kMostSystems));
    }
  }

  void read_detected(PatchRow& row) {
    if (field(Detected).empty()) return;
    const auto date = parse_date(field(Detected));
    if (!date || *date > as_of_) return missing(Detected, "a date not after the day that counts");
    row.detected = *date;
  }

  void read_exploitation(risk::Vulnerability& vulnerability) {
    const std::string_view word = field(Exploitation);
    auto& signals = vulnerability.signals;
    if (word.empty() || same_word(word, "none")) return;
    if (same_word(word, "poc") || same_word(word, "public poc")) {
      if (!signals.proof_of_concept) signals.proof_of_concept = as_of_;
    } else if (same_word(word, "active")) {
      if (!signals.in_the_wild) signals.in_the_wild = as_of_;
    } else {
      missing(Exploitation, "none, poc or active");
    }
  }

  const CsvReader& csv_;
  const Header& header_;
  Date as_of_;
  SetAside& set_aside_;
};

bool is_used(const Header& header, const std::vector<std::string>& unused, std::size_t column,
             std::string_view name) {
  if (std::ranges::find(header, std::optional(column)) != header.end()) return true;
  return std::ranges::find(unused, name.substr(0, kShown)) == unused.end();
}

/// The rows of `text` that findings has, with what this list knows besides.
void read_rows(std::string_view text, const Header& header, Findings findings, Date as_of, PatchList& list) {
  CsvReader csv(text);
  csv.next();
  std::vector<std::pair<std::size_t, std::string>> other;
  for (std::size_t i = 0; i < csv.fields().size(); ++i) {
    if (!is_used(header, findings.unused_columns, i, csv.fields()[i]))
      other.emplace_back(i, text_of(csv.fields()[i]));
  }
  std::size_t at = 0;
  while (at < findings.rows.size() && csv.next()) {
    if (findings.rows[at].line != csv.line()) continue;
    auto row = RowReader(csv, header, as_of, list.set_aside).read(std::move(findings.rows[at++]));
    if (!row) continue;
    for (const auto& [column, name] : other) row->other[name] = text_of(csv.field(column));
    list.rows.push_back(std::move(*row));
  }
}

/// Which of rows of the same name stays depends on what they say, not on their order.
void keep_each_name_once(PatchList& list) {
  std::ranges::sort(list.rows, {}, [](const PatchRow& row) {
    return std::tuple(std::string_view(row.name), std::string_view(row.group), -row.affected,
                      std::string_view(row.finding.id), row.finding.line);
  });
  const auto same = [](const PatchRow& a, const PatchRow& b) { return a.name == b.name; };
  for (std::size_t i = 1; i < list.rows.size(); ++i) {
    if (same(list.rows[i - 1], list.rows[i]))
      list.set_aside.add(list.rows[i].finding.line,
                         fmt::format("patch_id '{}' is there twice, and the row is left out",
                                     list.rows[i].name.substr(0, kShown)));
  }
  const auto again = std::ranges::unique(list.rows, same);
  list.rows.erase(again.begin(), again.end());
}

}  // namespace

Result<PatchList> parse_patch_list(std::string_view text, Date as_of) {
  CsvReader csv(text);
  if (!csv.next()) return fail(ErrorKind::Invalid, "there is no header");
  const auto header = read_header(csv.fields());
  if (!header) return fail(header.error());
  PatchList list;
  for (const auto name : kTelling) {
    if (!column_of(csv.fields(), {name})) list.missing_columns.emplace_back(name);
  }
  auto findings = parse_findings(text, as_of);
  if (!findings) return fail(findings.error());
  if (findings->rows.size() > kMostRows)
    return fail(ErrorKind::TooLarge, fmt::format("there are more than {} rows", kMostRows));
  list.later = findings->later;
  list.disagreements = findings->disagreements;
  list.set_aside = std::move(findings->set_aside);
  read_rows(text, *header, std::move(*findings), as_of, list);
  keep_each_name_once(list);
  return list;
}

}  // namespace patchwave::intel
