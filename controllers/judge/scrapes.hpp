// Whether a query that passed can have seen the patched copies at all.
//
// A rate needs two scrapes of a copy before it has a series of it. Until then the answer to a query over the
// whole workload is that of the old copies, however long the new ones have been ready, and a Pass on it would
// be a Pass on absence.
#pragma once

#include <string>
#include <vector>

#include "controllers/judge/judge.hpp"

namespace patchwave::judge {

/// Successful scrapes that a copy needs before a rate speaks for it.
inline constexpr int kScrapesNeeded = 2;

struct Span {
  Time begin;
  Time end;
};

/// What Prometheus' own `up` says of one workload's copies.
struct ScrapeEvidence {
  /// From when every copy of the step was ready to where what the gate judged begins, `for` ago.
  Span span;
  /// Successful scrapes of each pod in that span, as one sample a series with the label `pod`.
  QueryEvidence scrapes;
  /// Some copy, live or gone, was scraped not long before the span's end: with a long distance between
  /// scrapes the span may have none.
  bool scraped_lately = false;
  std::vector<std::string> patched;  ///< Pods of the new image that are to stay.
  std::vector<std::string> others;   ///< The workload's other pods.
};

/// `passed` stays as it is once every patched pod had been scraped twice before the span that was judged.
/// A workload none of whose pods is in `up`, in the span or lately, is measured elsewhere (an ingress, a
/// mesh, a probe): its copies must have been ready for `delay` before that span. Undecided until then;
/// without a copy's scrapes for longer than `delay` it is no data.
Finding after_scrapes(Finding passed, const ScrapeEvidence& evidence, milliseconds delay);

}  // namespace patchwave::judge
