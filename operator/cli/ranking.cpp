#include "operator/cli/ranking.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <future>
#include <iterator>

#include "controllers/intel/vex.hpp"
#include "operator/cli/files.hpp"

namespace patchwave::cli {
namespace {

std::string versions_of(const std::vector<Date>& dates) {
  if (dates.empty()) return "";
  const Date newest = dates.back();
  return fmt::format("v{} of {}", static_cast<int>(risk::epss_version_on(newest)), format_date(newest));
}

class Loader {
 public:
  Loader(Environment& environment, const RankingFiles& files, Ranking& ranking)
      : environment_(environment), files_(files), ranking_(ranking) {}

  Result<intel::Feeds> feeds() {
    intel::Feeds feeds;
    for (const auto& load :
         {&Loader::load_epss, &Loader::load_kev, &Loader::load_signals, &Loader::load_vulnrichment}) {
      if (auto done = (this->*load)(feeds); !done) return fail(done.error());
    }
    return feeds;
  }

 private:
  void report(FeedReport made) { ranking_.feeds.push_back(std::move(made)); }

  Result<void> load_epss(intel::Feeds& feeds) {
    // Which days are compared is known only when the days of all files are.
    std::vector<std::string> texts;
    std::vector<Date> dates;
    for (const auto& path : files_.epss) {
      auto found = with_text(environment_, "EPSS", path, [&](std::string text) {
        auto days = intel::epss_dates(text);
        if (days) texts.push_back(std::move(text));
        return days;
      });
      if (!found) return fail(found.error());
      dates.insert(dates.end(), found->begin(), found->end());
    }
    const auto days = intel::choose_epss_days(dates, ranking_.as_of);
    std::vector<intel::EpssTable> tables;
    for (std::size_t i = 0; i < texts.size(); ++i) {
      auto table = intel::parse_epss(texts[i], days.value_or(intel::EpssDays{}), ranking_.as_of);
      if (!table) return fail(table.error().within("EPSS " + files_.epss[i]));
      texts[i] = {};
      report({"EPSS", files_.epss[i], versions_of(table->dates), table->rows.size(), table->later, 0,
              std::move(table->set_aside)});
      tables.push_back(std::move(*table));
    }
    feeds.epss = intel::merge_epss(std::move(tables), ranking_.model);
    return {};
  }

  Result<void> load_kev(intel::Feeds& feeds) {
    if (files_.kev.empty()) return {};
    auto feed = with_text(environment_, "KEV", files_.kev,
                          [&](const std::string& text) { return intel::parse_kev(text, ranking_.as_of); });
    if (!feed) return fail(feed.error());
    report(
        {"KEV", files_.kev, feed->version, feed->entries.size(), feed->later, 0, std::move(feed->set_aside)});
    feeds.kev = std::move(feed->entries);
    return {};
  }

  Result<void> load_signals(intel::Feeds& feeds) {
    std::vector<intel::SignalsFeed> parts;
    for (const auto& path : files_.signals) {
      auto feed = with_text(environment_, "exploit signals", path, [&](const std::string& text) {
        return intel::parse_signals(text, ranking_.as_of);
      });
      if (!feed) return fail(feed.error());
      report({"exploit signals", path, "", feed->rows.size(), feed->later, 0, feed->set_aside});
      parts.push_back(std::move(*feed));
    }
    feeds.signals = intel::merge_signals(parts);
    feeds.listed = intel::kinds_of(parts);
    return {};
  }

  Result<void> load_vulnrichment(intel::Feeds& feeds) {
    if (files_.vulnrichment.empty()) return {};
    auto feed = with_text(environment_, "vulnrichment", files_.vulnrichment, [&](const std::string& text) {
      return intel::parse_vulnrichment(text, ranking_.as_of);
    });
    if (!feed) return fail(feed.error());
    report({"vulnrichment", files_.vulnrichment, "", feed->entries.size(), feed->later, feed->disagreements,
            std::move(feed->set_aside)});
    feeds.vulnrichment = std::move(feed->entries);
    return {};
  }

  Environment& environment_;
  const RankingFiles& files_;
  Ranking& ranking_;
};

/// Takes off what VEX documents say is not affected.
Result<void> apply_vex(Environment& environment, const RankingFiles& files, Ranking& ranking) {
  std::vector<intel::VexFeed> parts;
  for (const auto& path : files.vex) {
    auto feed = with_text(environment, "VEX", path,
                          [&](const std::string& text) { return intel::parse_openvex(text, ranking.as_of); });
    if (!feed) return fail(feed.error());
    ranking.feeds.push_back({"VEX", path, "", feed->statements.size(), feed->later, 0, feed->set_aside});
    parts.push_back(std::move(*feed));
  }
  const intel::Vex vex(std::move(parts));
  for (auto& row : ranking.findings.rows) intel::apply_vex(vex, row);
  return {};
}

/// JSON begins with a brace or a bracket; a header never does.
Result<intel::Findings> parse_any_findings(std::string_view text, Date as_of) {
  const auto first = text.find_first_not_of(" \t\r\n");
  const bool is_json = first != std::string_view::npos && (text[first] == '{' || text[first] == '[');
  return is_json ? intel::parse_findings_json(text, as_of) : intel::parse_findings(text, as_of);
}

std::vector<std::string> all_paths(const RankingFiles& files) {
  std::vector<std::string> all = {files.findings, files.kev, files.vulnrichment, files.model};
  for (const auto& more : {files.epss, files.signals, files.vex})
    all.insert(all.end(), more.begin(), more.end());
  return all;
}

void put_in_order(Ranking& ranking) {
  const auto& rows = ranking.findings.rows;
  ranking.order.reserve(rows.size());
  for (std::uint32_t i = 0; i < rows.size(); ++i) {
    const auto assessment = ranking.assess(rows[i].finding);
    ranking.order.push_back({i, static_cast<float>(assessment.probability), risk::place_of(assessment)});
  }
  std::ranges::sort(ranking.order, [&](const RankedRow& a, const RankedRow& b) {
    if (risk::comes_before(a.place, b.place)) return true;
    if (risk::comes_before(b.place, a.place)) return false;
    const auto& one = ranking.row_of(a);
    const auto& other = ranking.row_of(b);
    // The same finding twice, or a name shared by things that matter the same: the line is all that is left.
    return one.id != other.id ? one.id < other.id : one.line < other.line;
  });
}

}  // namespace

std::size_t Ranking::rank_after_move(const risk::Place& from, const risk::Place& to) const {
  const auto after = std::ranges::partition_point(
      order, [&](const RankedRow& each) { return risk::comes_before(each.place, to); });
  // It is itself among those that come before, when it moves back.
  const std::ptrdiff_t itself = risk::comes_before(from, to) ? 1 : 0;
  return static_cast<std::size_t>(after - order.begin() - itself) + 1;
}

Result<risk::ThreatModel> load_model(Environment& environment, const std::string& path) {
  if (path.empty()) return risk::built_in_threat_model();
  return with_text(environment, "model", path,
                   [](const std::string& text) { return risk::parse_threat_model(text); });
}

Result<Ranking> rank_findings(Environment& environment, const RankingFiles& files, const risk::Rules& rules,
                              Date as_of) {
  if (auto single = check_standard_input(all_paths(files)); !single) return fail(single.error());
  Ranking ranking;
  ranking.as_of = as_of;
  ranking.rules = rules;
  auto model = load_model(environment, files.model);
  if (!model) return fail(model.error());
  ranking.model = std::move(*model);
  // The two largest files, side by side.
  auto reading = std::async(std::launch::async, [&] {
    return with_text(environment, "findings", files.findings,
                     [&](const std::string& text) { return parse_any_findings(text, as_of); });
  });
  const auto feeds = Loader(environment, files, ranking).feeds();
  auto findings = reading.get();
  if (!findings) return fail(findings.error());
  if (!feeds) return fail(feeds.error());
  ranking.findings = std::move(*findings);
  for (auto& row : ranking.findings.rows) intel::enrich(row, *feeds, ranking.model, as_of);
  if (auto done = apply_vex(environment, files, ranking); !done) return fail(done.error());
  put_in_order(ranking);
  return ranking;
}

}  // namespace patchwave::cli
