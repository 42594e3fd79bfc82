#include "operator/cli/status_view.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <functional>

#include "operator/base/time.hpp"
#include "operator/cli/hints.hpp"
#include "operator/cli/output.hpp"

namespace patchwave::cli {
namespace {

using Waves = std::vector<std::reference_wrapper<const api::PatchWave>>;

struct Groups {
  Waves needs_you;
  Waves running;
  Waves waiting;
  Waves done;
  Waves put_back;
  Waves cancelled;
};

Waves& group_of(Groups& groups, const api::PatchWave& wave) {
  if (needs_somebody(wave)) return groups.needs_you;
  switch (wave.status.phase) {
    case api::WavePhase::Running:
    case api::WavePhase::Baking:
      return groups.running;
    case api::WavePhase::Succeeded:
      return groups.done;
    case api::WavePhase::RollingBack:
    case api::WavePhase::RolledBack:
    case api::WavePhase::RollbackFailed:
      return groups.put_back;
    case api::WavePhase::Cancelled:
      return groups.cancelled;
    case api::WavePhase::Pending:
    case api::WavePhase::Waiting:
      break;
  }
  return groups.waiting;
}

Groups group(const std::vector<api::PatchWave>& waves) {
  Groups groups;
  for (const auto& wave : waves) group_of(groups, wave).emplace_back(wave);
  return groups;
}

std::string full_name(const api::PatchWave& wave) {
  return wave.metadata.ns + "/" + wave.metadata.name;
}

std::string describe(const api::PatchWave& wave, const Style& style, Time now) {
  const auto& status = wave.status;
  std::string text = style.marked(sign_of(status.phase), api::to_string(status.phase));
  text += fmt::format(" {}/{} targets", status.progress.done, wave.spec.targets.size());
  if (status.harm)
    return text + fmt::format(", {} on {}: {}", status.harm->gate, status.harm->target, status.harm->message);
  if (!status.hold) return text;
  text += fmt::format(", {}", status.hold->reason);
  if (status.hold->since_time) text += " for " + format_since(status.hold->since_time, now);
  if (status.hold->until_time) text += ", until " + format_when(*status.hold->until_time, now);
  return text;
}

std::string block(std::string_view heading, const Waves& waves, const StatusInput& input, const Style& style,
                  Time now) {
  if (waves.empty()) return "";
  std::size_t width = 0;
  for (const api::PatchWave& wave : waves) width = std::max(width, full_name(wave).size());
  std::string text = fmt::format("\n{}\n", style.paint(heading, Colour::Bold));
  for (const api::PatchWave& wave : waves) {
    text += fmt::format("  {}   {}\n", pad(full_name(wave), width), describe(wave, style, now));
    const std::string command = next_command(wave, input.program);
    if (!command.empty() && needs_somebody(wave))
      text += fmt::format("  {}   {}\n", std::string(width, ' '), command);
  }
  return text;
}

std::string quarantine_block(const StatusInput& input, const Style& style, Time now) {
  std::string text;
  for (const auto& patch : input.patches) {
    if (!patch.status.quarantine) continue;
    const auto& quarantine = *patch.status.quarantine;
    if (text.empty()) text = fmt::format("\n{}\n", style.paint("QUARANTINED", Colour::Bold));
    text += fmt::format("  {}/{}   {} for {}: {}\n", patch.metadata.ns, patch.metadata.name,
                        short_digest(quarantine.digest), format_since(quarantine.since_time, now),
                        quarantine.reason);
  }
  return text;
}

std::string counted(std::size_t count, std::string_view one, std::string_view many) {
  return fmt::format("{} {}", count, count == 1 ? one : many);
}

Json names(const Waves& waves) {
  Json all = Json::array();
  for (const api::PatchWave& wave : waves) all.push_back(full_name(wave));
  return all;
}

}  // namespace

std::string render_status(const StatusInput& input, const Style& style, Time now) {
  const Groups groups = group(input.waves);
  const std::string place = input.ns.empty() ? "all namespaces" : "namespace " + input.ns;
  if (input.waves.empty())
    return fmt::format("No waves in {}: no patch is on its way.\n", place) +
           quarantine_block(input, style, now);
  std::string text;
  const auto add = [&](Sign sign, std::size_t count, const std::string& words) {
    if (count > 0) text += (text.empty() ? "" : "   ") + style.marked(sign, words);
  };
  add(Sign::Attention, groups.needs_you.size(),
      counted(groups.needs_you.size(), "wave needs you", "waves need you"));
  add(Sign::Busy, groups.running.size(), counted(groups.running.size(), "running", "running"));
  add(Sign::Waiting, groups.waiting.size(), counted(groups.waiting.size(), "waiting", "waiting"));
  add(Sign::Good, groups.done.size(), counted(groups.done.size(), "done", "done"));
  add(Sign::Bad, groups.put_back.size(), counted(groups.put_back.size(), "put back", "put back"));
  add(Sign::Unknown, groups.cancelled.size(), counted(groups.cancelled.size(), "cancelled", "cancelled"));
  text += fmt::format("   in {}\n", place);
  text += block("NEEDS YOU", groups.needs_you, input, style, now);
  text += block("RUNNING", groups.running, input, style, now);
  text += block("WAITING", groups.waiting, input, style, now);
  text += block("PUT BACK", groups.put_back, input, style, now);
  return text + quarantine_block(input, style, now);
}

Json print_status(const StatusInput& input, Time now) {
  const Groups groups = group(input.waves);
  Json quarantined = Json::array();
  for (const auto& patch : input.patches) {
    if (patch.status.quarantine) quarantined.push_back(patch.metadata.ns + "/" + patch.metadata.name);
  }
  return computed("Status", {{"time", format_time(now)},
                             {"namespace", input.ns},
                             {"needsYou", names(groups.needs_you)},
                             {"running", names(groups.running)},
                             {"waiting", names(groups.waiting)},
                             {"succeeded", names(groups.done)},
                             {"putBack", names(groups.put_back)},
                             {"cancelled", names(groups.cancelled)},
                             {"quarantinedPatches", quarantined}});
}

}  // namespace patchwave::cli
