#include <ostream>

#include "operator/cli/verbs.hpp"
#include "operator/cli/watch.hpp"
#include "operator/cli/wave_view.hpp"

namespace patchwave::cli {
namespace {

Result<int> get_one(Context& context) {
  const auto read = context.cluster.wave(context.ns, context.options.name);
  if (!read) return fail(read.error());
  std::ostream& out = context.environment.out;
  switch (context.options.format) {
    case Format::Json:
    case Format::Yaml:
      out << print_object(read->json, context.options.format);
      break;
    case Format::Name:
      out << print_name(kube::resources::kPatchWaves, context.options.name) << "\n";
      break;
    default:  // A table; what only files are printed as is refused before it comes here.
      out << render_wave(read->object, context.style, context.now());
      break;
  }
  return exit_code::kOk;
}

Result<int> get_all(Context& context) {
  const auto read = context.cluster.waves(context.ns);
  if (!read) return fail(read.error());
  warn_skipped(context, read->skipped);
  std::vector<api::PatchWave> waves;
  Json objects = Json::array();
  for (const auto& item : read->items) {
    waves.push_back(item.object);
    objects.push_back(item.json);
  }
  const Options& options = context.options;
  std::ostream& out = context.environment.out;
  if (options.format == Format::Json || options.format == Format::Yaml) {
    out << print_object(list_of(std::move(objects)), options.format);
  } else if (options.format == Format::Name) {
    for (const auto& wave : waves)
      out << print_name(kube::resources::kPatchWaves, wave.metadata.name) << "\n";
  } else if (waves.empty()) {
    context.environment.err << "No waves found" << (context.ns.empty() ? "" : " in namespace " + context.ns)
                            << "\n";
  } else {
    const bool wide = options.format == Format::Wide;
    out << render_waves(waves, {context.ns.empty(), wide, !options.no_headers}, context.style, context.now());
  }
  return exit_code::kOk;
}

}  // namespace

Result<int> get_wave(Context& context) {
  const Options& options = context.options;
  if (!options.name.empty() && options.all_namespaces) {
    return fail(ErrorKind::Invalid,
                "a wave can't be asked for by name across all namespaces: leave out NAME or -A");
  }
  if (!options.watch) return options.name.empty() ? get_all(context) : get_one(context);
  if (options.name.empty()) return fail(ErrorKind::Invalid, "--watch needs the NAME of a wave");
  return watch_wave(context);
}

}  // namespace patchwave::cli
