#include "controllers/ranking/provenance.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <optional>

#include "controllers/risk/evidence.hpp"

namespace patchwave::ranking {
namespace {

using intel::FeedKind;
using intel::Freshness;
using risk::Factor;

constexpr std::size_t kLongestSource = 500;

std::optional<FeedKind> feed_of(Factor factor) {
  switch (factor) {
    case Factor::EpssScore:
    case Factor::EpssTrend:
      return FeedKind::Epss;
    case Factor::KnownExploited:
      return FeedKind::Kev;
    case Factor::Metasploit:
    case Factor::Nuclei:
    case Factor::ProofOfConcept:
    case Factor::InTheWild:
      return FeedKind::Signals;
    case Factor::CvssParts:
      return FeedKind::Vulnrichment;
    default:
      return std::nullopt;
  }
}

std::string described(const intel::FeedState& state, Time now) {
  if (!state.good) return state.identity.name + " was never read";
  return fmt::format("{} {}{}", state.identity.name, state.good->edition(),
                     freshness_of(state, now) == Freshness::Stale ? ", stale" : "");
}

std::string editions_of(FeedKind kind, const Basis& basis) {
  std::vector<std::string> editions;
  for (const auto& state : basis.feeds.states)
    if (state.identity.kind == kind) editions.push_back(described(state, basis.now));
  return editions.empty() ? fmt::format("no {} feed", intel::title_of(kind))
                          : fmt::format("{}", fmt::join(editions, ", "));
}

std::string shortened(std::string text) {
  if (text.size() <= kLongestSource) return text;
  std::size_t end = kLongestSource;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0U) == 0x80U) --end;
  return text.substr(0, end) + "…";
}

/// Feeds of one kind of trouble, each in words.
std::vector<std::string> feeds_that_are(Freshness freshness, const intel::FeedsSnapshot& feeds, Time now) {
  std::vector<std::string> words;
  for (const auto& state : feeds.states) {
    if (freshness_of(state, now) != freshness) continue;
    words.push_back(state.problem.empty() ? described(state, now)
                                          : fmt::format("{}: {}", described(state, now), state.problem));
  }
  return words;
}

api::Condition condition(std::string_view status, std::string_view reason, std::string message) {
  return {
      std::string(api::kRiskAssessed), std::string(status), std::string(reason), std::move(message), 0, {}};
}

}  // namespace

std::string source_of(Factor factor, const risk::Finding& finding, const Circumstances& circumstances,
                      const Basis& basis) {
  std::string text = risk::evidence(factor, finding, basis.as_of());
  if (factor == Factor::Base || factor == Factor::Limit) {
    text += fmt::format(" ({})", basis.model.name);
  } else if (factor == Factor::Exposure) {
    text += ": " + circumstances.exposure_evidence;
  } else if (factor == Factor::Impact) {
    text += ": " + circumstances.criticality_evidence;
  } else if (const auto kind = feed_of(factor)) {
    text += fmt::format(" ({})", editions_of(*kind, basis));
  }
  return shortened(std::move(text));
}

api::Condition condition_of(const api::Patch& patch, const intel::FeedsSnapshot& feeds, bool is_kept,
                            Time now) {
  if (patch.spec.fixes.empty())
    return condition("Unknown", "NoFixes", "spec.fixes names no vulnerability that it closes");
  if (const auto absent = feeds_that_are(Freshness::Absent, feeds, now); !absent.empty()) {
    return condition(
        "False", "FeedAbsent",
        fmt::format("{}; {}", fmt::join(absent, "; "),
                    is_kept ? "what was assessed before stays" : "what it would say counts as not known"));
  }
  if (const auto stale = feeds_that_are(Freshness::Stale, feeds, now); !stale.empty())
    return condition("False", "FeedStale", fmt::format("{}", fmt::join(stale, "; ")));
  std::vector<std::string> broken;
  std::vector<std::string> all;
  for (const auto& state : feeds.states) {
    all.push_back(fmt::format("{} ({} rows)", described(state, now), state.good->records));
    if (!state.problem.empty())
      broken.push_back(fmt::format("{} could not be read: {}; its last good reading counts",
                                   state.identity.name, state.problem));
  }
  if (!broken.empty())
    return condition("True", "FeedBroken",
                     fmt::format("{}; from {}", fmt::join(broken, "; "), fmt::join(all, ", ")));
  return condition("True", "Assessed", fmt::format("from {}", fmt::join(all, ", ")));
}

}  // namespace patchwave::ranking
