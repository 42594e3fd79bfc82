// One wave as a picture: a head and a tree of its targets and gates. And waves as a table.
#pragma once

#include <string>
#include <vector>

#include "controllers/api/wave.hpp"
#include "operator/cli/style.hpp"

namespace patchwave::cli {

std::string render_wave(const api::PatchWave& wave, const Style& style, Time now);

struct WaveTableOptions {
  bool with_namespace = false;
  bool wide = false;
  bool headings = true;
};
/// The printer columns of the CRD.
std::string render_waves(const std::vector<api::PatchWave>& waves, const WaveTableOptions& options,
                         const Style& style, Time now);

/// What is approved: targets, image, steps, gates, window, rollback.
std::string render_plan(const api::PatchWave& wave, const Style& style, Time now);

/// "open until Sat 22 Nov 06:00 UTC (in 2h48m)", "closed, opens …", "always open".
std::string describe_window(const api::Windows& windows, Time now);
/// "jane@example.com opens closed windows until 2026-11-22T06:00:00Z: CAB-1234"
std::string describe_emergency(const api::Emergency& emergency);
/// "1.4.2 → 1.4.3": what a target runs and what it is to run, as far as it is known.
std::string describe_change(const api::TargetStatus& target, const std::string& image, const Style& style);

}  // namespace patchwave::cli
