// Counters, histograms and gauges of a workload's patched copies against those of its others, as a finding of
// its wave.
#pragma once

#include "controllers/comparison/history.hpp"
#include "controllers/judge/judge.hpp"
#include "controllers/wave/arms.hpp"

namespace patchwave::wave {

/// `gate` has its placeholders filled in. What `ask` can't be answered is a finding as well.
judge::Finding judge_statistics(const api::GateSpec& gate, const WorkloadPods& workload,
                                const comparison::Ask& ask);

}  // namespace patchwave::wave
