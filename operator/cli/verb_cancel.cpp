#include <fmt/format.h>

#include "operator/cli/verbs.hpp"

namespace patchwave::cli {

Result<int> cancel(Context& context) {
  const Options& options = context.options;
  const auto read = context.cluster.wave(context.ns, options.name);
  if (!read) return fail(read.error());
  const api::PatchWave& wave = read->object;
  const auto phase = api::to_string(wave.status.phase);
  if (api::is_terminal(wave.status.phase)) {
    return fail(ErrorKind::Invalid,
                fmt::format("{} is {}: there is nothing left to cancel", wave.metadata.name, phase));
  }
  const std::string question =
      fmt::format("Cancel {}/{}, which is {} with {} of {} targets done?", wave.metadata.ns,
                  wave.metadata.name, phase, wave.status.progress.done, wave.spec.targets.size());
  if (auto confirmed = confirm(context, question); !confirmed) return fail(confirmed.error());

  Json object = read->json;
  if (options.dry_run != DryRun::Client) {
    // Its status moves all the time, and that is no reason not to cancel it.
    const Json body = {{"metadata", {{"uid", wave.metadata.uid}}}, {"spec", {{"cancel", true}}}};
    auto merged = context.cluster.merge(kube::resources::kPatchWaves, wave.metadata.ns, wave.metadata.name,
                                        body, options.dry_run == DryRun::Server);
    if (!merged) return fail(merged.error());
    object = std::move(*merged);
  }
  report_change(context, kube::resources::kPatchWaves, wave.metadata.name, "cancelled", object);
  return exit_code::kOk;
}

}  // namespace patchwave::cli
