#include "controllers/intel/epss.hpp"

#include <fmt/format.h>

#include <charconv>
#include <cmath>
#include <string>

namespace patchwave::intel {
namespace {

constexpr std::size_t kMostRows = 5'000'000;
constexpr std::chrono::days kUsualLag{30};
constexpr std::chrono::days kLeastLag{14};
constexpr std::chrono::days kMostLag{50};

/// What the two forms have in common: which column is which day.
struct Form {
  std::string_view rows;  ///< Behind the header.
  std::size_t first_line = 0;
  std::vector<Date> columns;  ///< By field behind the CVE.
  bool has_percentile = false;
};

std::string_view take_line(std::string_view& rest) {
  const auto end = rest.find('\n');
  const std::string_view line = rest.substr(0, end);
  rest = end == std::string_view::npos ? std::string_view() : rest.substr(end + 1);
  return trimmed(line);
}

std::string_view take_field(std::string_view& line) {
  const auto comma = line.find(',');
  const std::string_view field = line.substr(0, comma);
  line = comma == std::string_view::npos ? std::string_view() : line.substr(comma + 1);
  return trimmed(field);
}

Result<Form> read_own_form(std::string_view comment, std::string_view rest) {
  constexpr std::string_view kDate = "score_date:";
  const auto at = comment.find(kDate);
  if (at == std::string_view::npos)
    return fail(ErrorKind::Invalid, "the comment in the first line has no score_date");
  std::string_view behind = comment.substr(at + kDate.size());
  const auto date = parse_date(take_field(behind));
  if (!date) return fail(date.error().within("score_date"));
  std::string_view header = take_line(rest);
  const bool named = same_word(take_field(header), "cve") && same_word(take_field(header), "epss");
  if (!named) return fail(ErrorKind::Invalid, "the header must begin with cve,epss");
  return Form{rest, 3, {*date}, same_word(take_field(header), "percentile")};
}

Result<Form> read_matrix_form(std::string_view header, std::string_view rest) {
  if (!same_word(take_field(header), "cve")) {
    return fail(ErrorKind::Invalid,
                "the first line is neither a comment with score_date nor a header that begins with cve");
  }
  Form form{rest, 2, {}, false};
  while (!header.empty()) {
    const auto date = parse_date(take_field(header));
    if (!date) {
      return fail(
          date.error().within("the header has a column per day; without days, a comment with score_date "
                              "must come before it"));
    }
    if (!form.columns.empty() && *date <= form.columns.back())
      return fail(ErrorKind::Invalid, "the days of the header must ascend");
    form.columns.push_back(*date);
  }
  if (form.columns.empty()) return fail(ErrorKind::Invalid, "the header has no day");
  return form;
}

Result<Form> read_form(std::string_view text) {
  constexpr std::string_view kByteOrderMark = "\xef\xbb\xbf";
  if (text.starts_with(kByteOrderMark)) text.remove_prefix(kByteOrderMark.size());
  const std::string_view first = take_line(text);
  return first.starts_with('#') ? read_own_form(first, text) : read_matrix_form(first, text);
}

/// nullopt for what is no score. 0 and 1 are none: EPSS has probabilities of things that may happen.
std::optional<float> read_score(std::string_view field) {
  float value = 0;
  const auto [end, error] = std::from_chars(field.data(), field.data() + field.size(), value);
  if (error != std::errc() || end != field.data() + field.size() || !(value > 0) || value >= 1)
    return std::nullopt;
  return value;
}

class RowReader {
 public:
  RowReader(const Form& form, const EpssDays& chosen, Date as_of) : form_(form), chosen_(chosen) {
    while (past_ < form.columns.size() && form.columns[past_] <= as_of) ++past_;
  }

  /// The answer is the problem, "" without one. A row without a score is none, and no problem.
  std::string read(std::string_view line, std::vector<EpssRow>& rows) const {
    const std::string_view id = take_field(line);
    const auto cve = risk::parse_cve(id);
    if (!cve) return fmt::format("cve is '{}' and must be a CVE", id.substr(0, 40));
    EpssRow row{*cve, {}, {}, std::nullopt};
    std::optional<float> carried;  // What "=" repeats.
    for (std::size_t column = 0; column < past_ && !line.empty(); ++column) {
      const std::string_view field = take_field(line);
      if (field.empty() || field == "-") continue;
      const bool is_first = !carried;
      if (field != "=") carried = read_score(field);
      if (!carried) {
        return fmt::format("the score of {} is '{}' and must be above 0 and below 1",
                           format_date(form_.columns[column]), field.substr(0, 40));
      }
      if (is_first && column > 0) row.first = form_.columns[column];
      keep({*carried, read_percentile(line), form_.columns[column]}, row);
    }
    if (row.latest.score > 0) rows.push_back(row);
    return "";
  }

 private:
  /// −1 where there is none; `rest` is what stands behind the score.
  [[nodiscard]] float read_percentile(std::string_view rest) const {
    if (!form_.has_percentile) return -1;
    const auto percentile = number(take_field(rest));
    return percentile && *percentile >= 0 && *percentile <= 1 ? static_cast<float>(*percentile) : -1;
  }

  void keep(const EpssScore& found, EpssRow& row) const {
    const auto counts_on = [&](Date day) { return found.date <= day && found.date + kLongestGap > day; };
    if (counts_on(chosen_.latest)) row.latest = found;
    if (chosen_.earlier && counts_on(*chosen_.earlier)) row.earlier = found;
  }

  const Form& form_;
  const EpssDays& chosen_;
  std::size_t past_ = 0;  ///< The first column that doesn't count any more.
};

double logit(double probability) {
  return std::log(probability / (1 - probability));
}

/// Rows of the same CVE in several files: the newest of each score, the earliest first day.
void merge_row(const EpssRow& row, EpssRow& into) {
  if (row.latest.date > into.latest.date) into.latest = row.latest;
  if (row.earlier.score > 0 && (into.earlier.score <= 0 || row.earlier.date > into.earlier.date))
    into.earlier = row.earlier;
  if (row.first && (!into.first || *row.first < *into.first)) into.first = row.first;
}

std::vector<EpssRow> merge_rows(std::vector<EpssTable> tables) {
  std::vector<EpssRow> rows;
  for (auto& table : tables) {
    if (rows.empty()) {
      rows = std::move(table.rows);
    } else {
      rows.insert(rows.end(), table.rows.begin(), table.rows.end());
    }
    table.rows = {};
  }
  if (!std::ranges::is_sorted(rows, {}, &EpssRow::cve)) std::ranges::stable_sort(rows, {}, &EpssRow::cve);
  std::size_t kept = 0;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    if (kept > 0 && rows[kept - 1].cve == rows[i].cve) {
      merge_row(rows[i], rows[kept - 1]);
    } else {
      rows[kept++] = rows[i];
    }
  }
  rows.resize(kept);
  return rows;
}

/// Where scores stand among all: the share above, ties counted half.
class Distribution {
 public:
  explicit Distribution(const std::vector<EpssRow>& rows) {
    if (rows.size() < kEnough) return;
    scores_.reserve(rows.size());
    for (const auto& row : rows) scores_.push_back(row.latest.score);
    std::ranges::sort(scores_);
  }

  [[nodiscard]] bool is_known() const { return !scores_.empty(); }
  [[nodiscard]] double place(float score) const {
    const auto ties = std::ranges::equal_range(scores_, score);
    const auto below = static_cast<double>(ties.begin() - scores_.begin());
    return -std::log1p(-(below + static_cast<double>(ties.size()) / 2) / static_cast<double>(scores_.size()));
  }

 private:
  /// A file of all scored CVEs has hundreds of thousands; one of somebody's findings is no yardstick.
  static constexpr std::size_t kEnough = 10'000;
  std::vector<float> scores_;
};

std::optional<double> place_of(const EpssScore& score, const Distribution& distribution,
                               const risk::ThreatModel& model) {
  if (distribution.is_known()) return distribution.place(score.score);
  // Percentiles have five decimals: the highest is 1.
  constexpr double kLeastShareAbove = 5e-6;
  if (score.percentile >= 0) return -std::log(std::max(1.0 - score.percentile, kLeastShareAbove));
  return risk::epss_place(model, risk::epss_version_on(score.date), score.score);
}

}  // namespace

Result<std::vector<Date>> epss_dates(std::string_view text) {
  auto form = read_form(text);
  if (!form) return fail(form.error());
  return std::move(form->columns);
}

std::optional<EpssDays> choose_epss_days(std::vector<Date> dates, Date as_of) {
  std::erase_if(dates, [&](Date date) { return date > as_of; });
  if (dates.empty()) return std::nullopt;
  EpssDays chosen{std::ranges::max(dates), std::nullopt};
  const auto distance = [&](Date date) {
    const auto lag = chosen.latest - date;
    return lag > kUsualLag ? lag - kUsualLag : kUsualLag - lag;
  };
  for (const Date date : dates) {
    const auto lag = chosen.latest - date;
    const bool comparable = lag >= kLeastLag && lag <= kMostLag &&
                            risk::epss_version_on(date) == risk::epss_version_on(chosen.latest);
    if (!comparable) continue;
    const bool nearer = !chosen.earlier || distance(date) < distance(*chosen.earlier);
    if (nearer || (distance(date) == distance(*chosen.earlier) && date > *chosen.earlier))
      chosen.earlier = date;
  }
  return chosen;
}

Result<EpssTable> parse_epss(std::string_view text, const EpssDays& days, Date as_of) {
  const auto form = read_form(text);
  if (!form) return fail(form.error());
  EpssTable table;
  for (const Date date : form->columns) {
    if (date <= as_of) {
      table.dates.push_back(date);
    } else {
      ++table.later;
    }
  }
  const RowReader reader(*form, days, as_of);
  std::string_view rest = form->rows;
  for (std::size_t line = form->first_line; !rest.empty(); ++line) {
    const std::string_view row = take_line(rest);
    if (row.empty()) continue;
    if (table.rows.size() == kMostRows)
      return fail(ErrorKind::TooLarge, fmt::format("there are more than {} rows", kMostRows));
    if (auto problem = reader.read(row, table.rows); !problem.empty())
      table.set_aside.add(line, std::move(problem));
  }
  return table;
}

ByCve<EpssEntry> merge_epss(std::vector<EpssTable> tables, const risk::ThreatModel& model) {
  const std::vector<EpssRow> rows = merge_rows(std::move(tables));
  const Distribution distribution(rows);
  std::vector<EpssEntry> entries;
  entries.reserve(rows.size());
  for (const auto& row : rows) {
    const auto place = place_of(row.latest, distribution, model);
    if (!place) continue;
    EpssEntry entry{row.cve, {row.latest.score, *place, row.latest.date, std::nullopt}, row.first};
    // The newest score may itself be an old one, of the version before.
    const bool comparable = row.earlier.score > 0 &&
                            risk::epss_version_on(row.earlier.date) == risk::epss_version_on(row.latest.date);
    if (comparable) entry.epss.trend = logit(row.latest.score) - logit(row.earlier.score);
    entries.push_back(entry);
  }
  return ByCve(std::move(entries));
}

}  // namespace patchwave::intel
