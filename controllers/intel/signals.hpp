// When exploits for a CVE were first seen in public: modules, templates, proofs of concept, reports of
// attacks.
#pragma once

#include <string_view>
#include <vector>

#include "controllers/intel/by_cve.hpp"
#include "controllers/intel/csv.hpp"
#include "operator/base/result.hpp"

namespace patchwave::intel {

struct SignalsEntry {
  risk::CveId cve;
  risk::ExploitSignals signals;
};

struct SignalsFeed {
  std::vector<SignalsEntry> rows;  ///< As they stand.
  risk::SignalKinds lists;         ///< The kinds that it has, of any day.
  std::size_t later = 0;           ///< Rows first seen after the day that counts: not looked at.
  std::size_t other = 0;           ///< Rows of a source that is no exploit: EPSS, KEV.
  SetAside set_aside;
};

/// The columns cve and first_seen, or first_report; and maybe source. A source is Metasploit, Nuclei, "in the
/// wild", or else a collection of proofs of concept: "PoC", "Exploit-DB", "GitHub". Without the column,
/// first_report means reports of attacks and first_seen proofs of concept. Invalid names a column that is
/// missing.
Result<SignalsFeed> parse_signals(std::string_view text, Date as_of);

/// Adds the kinds of others.
void add_kinds(const risk::SignalKinds& kinds, risk::SignalKinds& into);
/// The kinds that one of the feeds has.
risk::SignalKinds kinds_of(const std::vector<SignalsFeed>& feeds);
/// Of several feeds: the earliest day of each signal.
ByCve<SignalsEntry> merge_signals(const std::vector<SignalsFeed>& feeds);

}  // namespace patchwave::intel
