#include <ostream>

#include "operator/cli/status_view.hpp"
#include "operator/cli/verbs.hpp"

namespace patchwave::cli {

Result<int> show_status(Context& context) {
  auto waves = context.cluster.waves(context.ns);
  if (!waves) return fail(waves.error());
  auto patches = context.cluster.patches(context.ns);
  if (!patches) return fail(patches.error());
  warn_skipped(context, waves->skipped);
  warn_skipped(context, patches->skipped);

  StatusInput input{context.ns, {}, {}, context.environment.program};
  for (auto& wave : waves->items) input.waves.push_back(std::move(wave.object));
  for (auto& patch : patches->items) input.patches.push_back(std::move(patch.object));

  std::ostream& out = context.environment.out;
  switch (context.options.format) {
    case Format::Json:
    case Format::Yaml:
      out << print_object(print_status(input, context.now()), context.options.format);
      break;
    case Format::Name:
      for (const auto& wave : input.waves)
        out << print_name(kube::resources::kPatchWaves, wave.metadata.name) << "\n";
      break;
    default:  // A table; what only files are printed as is refused before it comes here.
      out << render_status(input, context.style, context.now());
      break;
  }
  return exit_code::kOk;
}

}  // namespace patchwave::cli
