// All feeds of a day, and what they know of a vulnerability.
#pragma once

#include "controllers/intel/epss.hpp"
#include "controllers/intel/findings.hpp"
#include "controllers/intel/kev.hpp"
#include "controllers/intel/signals.hpp"
#include "controllers/intel/vulnrichment.hpp"

namespace patchwave::intel {

struct Feeds {
  ByCve<EpssEntry> epss;
  ByCve<KevEntry> kev;
  ByCve<SignalsEntry> signals;
  risk::SignalKinds listed;  ///< By some feed of signals.
  ByCve<VulnrichmentEntry> vulnrichment;
};

/// Adds to a finding what the feeds know of its vulnerability; what its own row says stays. A score of the
/// row's own is put in its place by the knots of `model`, as one of `as_of`.
void enrich(FindingRow& row, const Feeds& feeds, const risk::ThreatModel& model, Date as_of);

}  // namespace patchwave::intel
