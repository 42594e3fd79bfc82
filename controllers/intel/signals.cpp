#include "controllers/intel/signals.hpp"

#include <array>
#include <optional>
#include <string>

namespace patchwave::intel {
namespace {

struct Signal {
  std::optional<Date> risk::ExploitSignals::* seen = nullptr;
  bool risk::SignalKinds::* listed = nullptr;
};

constexpr Signal kMetasploit{&risk::ExploitSignals::metasploit, &risk::SignalKinds::metasploit};
constexpr Signal kNuclei{&risk::ExploitSignals::nuclei, &risk::SignalKinds::nuclei};
constexpr Signal kProofOfConcept{&risk::ExploitSignals::proof_of_concept,
                                 &risk::SignalKinds::proof_of_concept};
constexpr Signal kInTheWild{&risk::ExploitSignals::in_the_wild, &risk::SignalKinds::in_the_wild};
/// A list of something else.
constexpr Signal kNone{};

struct Source {
  std::string_view word;
  Signal signal;
};

constexpr std::array kSources = {
    Source{"metasploit", kMetasploit},
    Source{"nuclei", kNuclei},
    Source{"in the wild", kInTheWild},
    Source{"inthewild", kInTheWild},
    Source{"poc", kProofOfConcept},
    Source{"proof of concept", kProofOfConcept},
    Source{"exploit-db", kProofOfConcept},
    Source{"exploitdb", kProofOfConcept},
    Source{"github", kProofOfConcept},
    Source{"trickest", kProofOfConcept},
    // Lists of what EPSS scores high, and of CISA's KEV: they have feeds of their own.
    Source{"epss", kNone},
    Source{"cisa", kNone},
    Source{"kev", kNone},
};

struct Columns {
  std::optional<std::size_t> cve;
  std::optional<std::size_t> date;
  std::optional<std::size_t> source;
  Signal unnamed = kProofOfConcept;  ///< Of rows without a source.
};

Result<Columns> read_header(const std::vector<std::string_view>& header) {
  Columns columns;
  columns.cve = column_of(header, {"cve", "cve_id", "id"});
  columns.source = column_of(header, {"source"});
  columns.date = column_of(header, {"first_seen"});
  if (!columns.date) {
    columns.date = column_of(header, {"first_report"});
    columns.unnamed = kInTheWild;
  }
  if (!columns.cve) return fail(ErrorKind::Invalid, "the header has no column cve");
  if (!columns.date) return fail(ErrorKind::Invalid, "the header has no column first_seen or first_report");
  return columns;
}

void read_row(const CsvReader& csv, const Columns& columns, Date as_of, SignalsFeed& feed) {
  const auto cve = risk::parse_cve(csv.field(columns.cve));
  if (!cve) {
    return feed.set_aside.add(
        csv.line(), "cve is '" + std::string(csv.field(columns.cve).substr(0, 40)) + "' and must be a CVE");
  }
  Signal signal = columns.unnamed;
  if (columns.source) {
    const std::string_view word = csv.field(columns.source);
    const auto source =
        std::ranges::find_if(kSources, [&](const Source& each) { return same_word(each.word, word); });
    if (source == kSources.end())
      return feed.set_aside.add(csv.line(),
                                "source is '" + std::string(word.substr(0, 40)) + "', which is not known");
    if (source->signal.seen == nullptr) {
      ++feed.other;
      return;
    }
    signal = source->signal;
  }
  feed.lists.*signal.listed = true;
  const auto date = parse_date(csv.field(columns.date));
  if (!date) return feed.set_aside.add(csv.line(), date.error().message.substr(0, 120));
  if (*date > as_of) {
    ++feed.later;
    return;
  }
  SignalsEntry entry{*cve, {}};
  entry.signals.*signal.seen = *date;
  feed.rows.push_back(entry);
}

void take_earlier(std::optional<Date>& into, const std::optional<Date>& other) {
  if (other && (!into || *other < *into)) into = other;
}

}  // namespace

Result<SignalsFeed> parse_signals(std::string_view text, Date as_of) {
  CsvReader csv(text);
  if (!csv.next()) return fail(ErrorKind::Invalid, "there is no header");
  const auto columns = read_header(csv.fields());
  if (!columns) return fail(columns.error());
  SignalsFeed feed;
  while (csv.next()) read_row(csv, *columns, as_of, feed);
  return feed;
}

void add_kinds(const risk::SignalKinds& kinds, risk::SignalKinds& into) {
  into.metasploit = into.metasploit || kinds.metasploit;
  into.nuclei = into.nuclei || kinds.nuclei;
  into.proof_of_concept = into.proof_of_concept || kinds.proof_of_concept;
  into.in_the_wild = into.in_the_wild || kinds.in_the_wild;
}

risk::SignalKinds kinds_of(const std::vector<SignalsFeed>& feeds) {
  risk::SignalKinds kinds;
  for (const auto& feed : feeds) add_kinds(feed.lists, kinds);
  return kinds;
}

ByCve<SignalsEntry> merge_signals(const std::vector<SignalsFeed>& feeds) {
  std::vector<SignalsEntry> rows;
  for (const auto& feed : feeds) rows.insert(rows.end(), feed.rows.begin(), feed.rows.end());
  std::ranges::stable_sort(rows, {}, &SignalsEntry::cve);
  std::vector<SignalsEntry> merged;
  for (const auto& row : rows) {
    if (merged.empty() || merged.back().cve != row.cve) merged.push_back({row.cve, {}});
    auto& into = merged.back().signals;
    take_earlier(into.metasploit, row.signals.metasploit);
    take_earlier(into.nuclei, row.signals.nuclei);
    take_earlier(into.proof_of_concept, row.signals.proof_of_concept);
    take_earlier(into.in_the_wild, row.signals.in_the_wild);
  }
  return ByCve(std::move(merged));
}

}  // namespace patchwave::intel
