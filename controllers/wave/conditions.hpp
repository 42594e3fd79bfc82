// The conditions of a PatchWave, as kstatus reads them.
#pragma once

#include "controllers/api/wave.hpp"

namespace patchwave::wave {

/// Derives Ready, Reconciling, Stalled, Succeeded and Held from phase, hold and harm. Reconciling and
/// Stalled are never True together, and every condition is present from the first visit on.
void set_conditions(const api::PatchWave& wave, api::PatchWaveStatus& status, Time now);

/// One sentence: what the wave is doing or why it is not.
std::string summary(const api::PatchWaveStatus& status);

}  // namespace patchwave::wave
