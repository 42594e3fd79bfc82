// What needs no statistics: a canary of which too little is left is Harm at once.
#pragma once

#include "controllers/judge/judge.hpp"

namespace patchwave::judge {

struct FloorEvidence {
  int canary_wanted = 0;
  int canary_ready = 0;
  int nodes_lost = 0;     ///< Of the nodes this wave patched; NotReady since.
  int crash_looping = 0;  ///< Canary copies.
};
struct FloorLimits {
  double least_ready_share = 0.5;
  int most_nodes_lost = 0;
  int most_crash_looping = 0;
};

/// Harm, with what was crossed and by how much; else Pass. Nothing wanted is Undecided.
Finding judge_floors(const FloorEvidence& evidence, const FloorLimits& limits);

}  // namespace patchwave::judge
