#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <future>
#include <ostream>
#include <thread>

#include "controllers/risk/evidence.hpp"
#include "controllers/risk/reason.hpp"
#include "operator/cli/ranking.hpp"
#include "operator/cli/table.hpp"
#include "operator/cli/verbs.hpp"

namespace patchwave::cli {
namespace {

constexpr std::size_t kRowsForPeople = 15;
constexpr std::size_t kRowsOfAPiece = 8192;
constexpr std::size_t kMostThreads = 8;

void warn(Environment& environment, std::string_view file, const intel::SetAside& set_aside) {
  for (const auto& row : set_aside.rows)
    environment.err << "warning: " << file << ": line " << row.line << ": " << row.reason << "\n";
  if (set_aside.count > set_aside.rows.size())
    environment.err << "warning: " << file << ": " << set_aside.count - set_aside.rows.size()
                    << " more lines\n";
}

void warn_of_disagreements(Environment& environment, std::string_view file, std::size_t count) {
  if (count == 0) return;
  environment.err << "warning: " << file << ": " << count
                  << " CVSS scores are not those of their vectors; the vectors count\n";
}

void warn_of_what_is_missing(Environment& environment, const RankingFiles& files, const Ranking& ranking) {
  const std::string& file = files.findings;
  if (!ranking.findings.unused_columns.empty()) {
    environment.err << "note: " << file << ": columns not used: "
                    << fmt::format("{}", fmt::join(ranking.findings.unused_columns, ", ")) << "\n";
  }
  if (ranking.findings.later > 0) {
    environment.err << "note: " << file << ": " << ranking.findings.later << " findings were published after "
                    << format_date(ranking.as_of) << " and are left out\n";
  }
  warn_of_disagreements(environment, file, ranking.findings.disagreements);
  warn(environment, file, ranking.findings.set_aside);
  for (const auto& feed : ranking.feeds) {
    if (feed.records == 0)
      environment.err << "warning: " << feed.file << ": no row of this " << feed.kind << " feed is of "
                      << format_date(ranking.as_of) << " or before\n";
    warn_of_disagreements(environment, feed.file, feed.disagreements);
    warn(environment, feed.file, feed.set_aside);
  }
  const auto note = [&](bool there, std::string_view flag, std::string_view what) {
    if (!there) environment.err << "note: no " << flag << ": " << what << " counts as not known\n";
  };
  note(!files.epss.empty(), "--epss", "EPSS");
  note(!files.kev.empty(), "--kev", "what is known to be exploited");
  note(!files.signals.empty(), "--signals", "which exploits there are");
}

std::string csv_field(std::string_view field) {
  if (field.find_first_of(",\"\n\r") == std::string_view::npos) return std::string(field);
  std::string text = "\"";
  for (const char letter : field) text += letter == '"' ? "\"\"" : std::string(1, letter);
  return text + "\"";
}

/// Calls print(rank, row, assessment, buffer) for the first `count` rows, pieces of them side by side, and
/// writes what it adds in their order.
template <class Print>
void print_rows(std::ostream& out, const Ranking& ranking, std::size_t count, Print print) {
  const auto piece = [&](std::size_t begin) {
    fmt::memory_buffer buffer;
    for (std::size_t i = begin; i < std::min(count, begin + kRowsOfAPiece); ++i) {
      const auto& row = ranking.row_of(ranking.order[i]);
      print(i + 1, row, ranking.assess(row.finding), buffer);
    }
    return fmt::to_string(buffer);
  };
  const std::size_t at_once = std::clamp<std::size_t>(std::thread::hardware_concurrency(), 1, kMostThreads);
  for (std::size_t begin = 0; begin < count;) {
    std::vector<std::future<std::string>> pieces;
    for (; begin < count && pieces.size() < at_once; begin += kRowsOfAPiece)
      pieces.push_back(std::async(std::launch::async, piece, begin));
    for (auto& each : pieces) out << each.get();
  }
}

void print_csv(std::ostream& out, const Ranking& ranking, std::size_t count) {
  out << "rank,cve,probability,deadline_class,score,reason\n";
  print_rows(
      out, ranking, count,
      [&](std::size_t rank, const intel::FindingRow& row, const risk::Assessment& assessment, auto& buffer) {
        fmt::format_to(fmt::appender(buffer), "{},{},{:.6g},{},{:.6g},{}\n", rank, csv_field(row.id),
                       assessment.probability, risk::to_string(assessment.deadline), assessment.score,
                       csv_field(risk::reason(row.finding, assessment, ranking.as_of)));
      });
}

Json print_point(std::string_view value, risk::Origin origin) {
  return {{"value", value}, {"origin", risk::to_string(origin)}};
}

Json print_points(const risk::Assessment& assessment) {
  const auto& points = assessment.points;
  return {{"inKev", points.in_kev},
          {"exploitation", risk::to_string(points.exploitation)},
          {"exposure", print_point(risk::to_string(points.exposure), assessment.exposure_origin)},
          {"automatable", print_point(risk::to_string(points.automatable), assessment.automatable_origin)},
          {"technicalImpact",
           print_point(risk::to_string(points.technical_impact), assessment.technical_impact_origin)},
          {"criticality", print_point(risk::to_string(points.human_impact), assessment.criticality_origin)}};
}

Json print_factors(const risk::Finding& finding, const risk::Assessment& assessment, Date as_of) {
  Json factors = Json::array();
  for (std::size_t i = 0; i < risk::kFactors; ++i) {
    const auto factor = static_cast<risk::Factor>(i);
    factors.push_back({{"name", risk::to_string(factor)},
                       {"contribution", assessment.contributions[i]},
                       {"evidence", risk::evidence(factor, finding, as_of)}});
  }
  return factors;
}

Json print_counterfactual(const Ranking& ranking, const risk::Finding& finding,
                          const risk::Assessment& assessment) {
  const auto other = risk::counterfactual(ranking.model, ranking.rules, finding, ranking.as_of);
  if (!other) return nullptr;
  return {{"if", other->change},
          {"rank", ranking.rank_after_move(risk::place_of(assessment), other->place)},
          {"deadlineClass", risk::to_string(other->place.deadline)},
          {"score", other->place.score}};
}

Json print_finding(const Ranking& ranking, std::size_t rank, const intel::FindingRow& row,
                   const risk::Assessment& assessment) {
  return {{"rank", rank},
          {"cve", row.id},
          {"product", row.product},
          {"component", row.component},
          {"probability", assessment.probability},
          {"deadlineClass", risk::to_string(assessment.deadline)},
          {"score", assessment.score},
          {"reason", risk::reason(row.finding, assessment, ranking.as_of)},
          {"decisionPoints", print_points(assessment)},
          {"factors", print_factors(row.finding, assessment, ranking.as_of)},
          {"counterfactual", print_counterfactual(ranking, row.finding, assessment)}};
}

Json print_feeds(const Ranking& ranking) {
  Json feeds = Json::array();
  for (const auto& feed : ranking.feeds) {
    feeds.push_back({{"kind", feed.kind},
                     {"file", feed.file},
                     {"version", feed.version},
                     {"records", feed.records},
                     {"later", feed.later},
                     {"setAside", feed.set_aside.count}});
  }
  return feeds;
}

/// The list of findings is written row by row: half a million of them are no object to hold in memory.
void print_json_ranking(std::ostream& out, const Ranking& ranking, std::size_t count) {
  std::string head = print_json(computed(
      "Ranking", {{"asOf", format_date(ranking.as_of)},
                  {"deadlines", risk::to_string(ranking.rules.deadlines)},
                  {"model", {{"name", ranking.model.name}, {"provenance", ranking.model.provenance}}},
                  {"feeds", print_feeds(ranking)}}));
  head.pop_back();
  out << head << ",\"findings\":[";
  print_rows(
      out, ranking, count,
      [&](std::size_t rank, const intel::FindingRow& row, const risk::Assessment& assessment, auto& buffer) {
        fmt::format_to(fmt::appender(buffer), "{}\n{}", rank > 1 ? "," : "",
                       print_json(print_finding(ranking, rank, row, assessment)));
      });
  out << "\n]}\n";
}

std::string describe_counterfactual(const Ranking& ranking, const risk::Finding& finding,
                                    const risk::Assessment& assessment) {
  const auto other = risk::counterfactual(ranking.model, ranking.rules, finding, ranking.as_of);
  if (!other) return "";
  return fmt::format("rank {}, {}, if {}", ranking.rank_after_move(risk::place_of(assessment), other->place),
                     risk::to_string(other->place.deadline), other->change);
}

void print_table(std::ostream& out, const Ranking& ranking, std::size_t count, bool with_headings) {
  Table table({"RANK", "NAME", "DEADLINE", "IN 90 DAYS", "SCORE", "OTHERWISE", "WHY"});
  for (std::size_t i = 0; i < count; ++i) {
    const auto& row = ranking.row_of(ranking.order[i]);
    const auto assessment = ranking.assess(row.finding);
    table.add({std::to_string(i + 1), row.id, std::string(risk::to_string(assessment.deadline)),
               fmt::format("{:.3g} %", 100 * assessment.probability), fmt::format("{:.3g}", assessment.score),
               describe_counterfactual(ranking, row.finding, assessment),
               risk::reason(row.finding, assessment, ranking.as_of)});
  }
  out << table.print(with_headings);
  if (count < ranking.order.size())
    out << fmt::format("{} more; --top shows them\n", ranking.order.size() - count);
}

Result<Date> day_that_counts(const Environment& environment, const Options& options) {
  if (options.as_of.empty()) return std::chrono::floor<std::chrono::days>(environment.clock.now());
  const auto date = parse_date(options.as_of);
  if (!date) return fail(date.error().within("--as-of"));
  return *date;
}

}  // namespace

Result<int> rank(Environment& environment, const Options& options) {
  if (options.format != Format::Table && options.format != Format::Csv && options.format != Format::Json)
    return fail(ErrorKind::Invalid, "rank prints text, csv or json");
  const auto as_of = day_that_counts(environment, options);
  if (!as_of) return fail(as_of.error());
  const auto ranking = rank_findings(environment, options.ranking, {options.deadlines, {}}, *as_of);
  if (!ranking) return fail(ranking.error());
  warn_of_what_is_missing(environment, options.ranking, *ranking);
  const std::size_t all = ranking->order.size();
  const std::size_t otherwise = options.format == Format::Table ? kRowsForPeople : all;
  const std::size_t count = std::min(all, options.top == 0 ? otherwise : options.top);
  switch (options.format) {
    case Format::Csv:
      print_csv(environment.out, *ranking, count);
      break;
    case Format::Json:
      print_json_ranking(environment.out, *ranking, count);
      break;
    default:
      print_table(environment.out, *ranking, count, !options.no_headers);
  }
  return exit_code::kOk;
}

}  // namespace patchwave::cli
