// What ends a wait, and which command does it.
#pragma once

#include <optional>
#include <string>

#include "controllers/api/wave.hpp"

namespace patchwave::cli {

/// True when nothing but a person moves the wave on: an approval, a decision after harm, a broken spec.
bool needs_somebody(const api::PatchWave& wave);
/// What moves the wave on, as a sentence; empty for a wave that has ended well or that moves by itself.
std::string way_on(const api::PatchWave& wave, Time now);
/// The command that does it; "" when no command of this program does.
std::string next_command(const api::PatchWave& wave, const std::string& program);

}  // namespace patchwave::cli
