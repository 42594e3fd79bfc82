// What a decision did, for people: the difference between two statuses as events.
#pragma once

#include <vector>

#include "controllers/api/happening.hpp"
#include "controllers/api/wave.hpp"

namespace patchwave::wave {

/// In the order in which they should be told. Targets' own events regard the workload, where its owner looks.
std::vector<api::Happening> happenings(const api::PatchWave& wave, const api::PatchWaveStatus& before,
                                       const api::PatchWaveStatus& after);

api::ObjectReference reference_to(const api::PatchWave& wave);

}  // namespace patchwave::wave
