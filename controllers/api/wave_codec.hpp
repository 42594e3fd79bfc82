// What the two halves of a PatchWave's codec share: spec in wave_codec.cpp, status in wave_status_codec.cpp.
#pragma once

#include "controllers/api/shared_codec.hpp"
#include "controllers/api/wave.hpp"

namespace patchwave::api {

WaveTarget read_wave_target(const ObjectReader& fields);
Json print_wave_target(const WaveTarget& target);

PatchWaveStatus read_wave_status(const ObjectReader& fields);

}  // namespace patchwave::api
