#include <fmt/format.h>

#include <ostream>

#include "operator/cli/table.hpp"
#include "operator/cli/verbs.hpp"

namespace patchwave::cli {

Result<int> list_quarantine(Context& context) {
  const auto read = context.cluster.patches(context.ns);
  if (!read) return fail(read.error());
  warn_skipped(context, read->skipped);
  const bool with_namespace = context.ns.empty();
  std::vector<std::string> headings = {"PATCH", "DIGEST", "WAVE", "AGE", "REASON"};
  if (with_namespace) headings.insert(headings.begin(), "NAMESPACE");
  Table table(headings);
  Json objects = Json::array();
  std::string names;
  for (const auto& [json, patch] : read->items) {
    if (!patch.status.quarantine) continue;
    const api::Quarantine& quarantine = *patch.status.quarantine;
    std::vector<std::string> row = {patch.metadata.name, short_digest(quarantine.digest), quarantine.wave,
                                    format_since(quarantine.since_time, context.now()), quarantine.reason};
    if (with_namespace) row.insert(row.begin(), patch.metadata.ns);
    table.add(std::move(row));
    objects.push_back(json);
    names += print_name(kube::resources::kPatches, patch.metadata.name) + "\n";
  }
  const Format format = context.options.format;
  std::ostream& out = context.environment.out;
  if (format == Format::Json || format == Format::Yaml) {
    out << print_object(list_of(std::move(objects)), format);
  } else if (format == Format::Name) {
    out << names;
  } else if (table.empty()) {
    context.environment.err << "No patch is in quarantine"
                            << (with_namespace ? "" : " in namespace " + context.ns) << "\n";
  } else {
    out << table.print(!context.options.no_headers);
  }
  return exit_code::kOk;
}

Result<int> lift_quarantine(Context& context) {
  const Options& options = context.options;
  const auto read = context.cluster.patch(context.ns, options.name);
  if (!read) return fail(read.error());
  const api::Patch& patch = read->object;
  if (!patch.status.quarantine) {
    return fail(ErrorKind::Invalid, patch.metadata.name + " is not in quarantine");
  }
  const api::Quarantine& quarantine = *patch.status.quarantine;
  context.environment.err << fmt::format("{} did harm: {}\n", quarantine.digest, quarantine.reason);
  const std::string question =
      fmt::format("Lift the quarantine of {}/{}?", patch.metadata.ns, patch.metadata.name);
  if (auto confirmed = confirm(context, question); !confirmed) return fail(confirmed.error());

  Json object = read->json;
  if (options.dry_run != DryRun::Client) {
    // The digest says which quarantine is meant; whatever else changed meanwhile does not matter.
    Json metadata = {{"uid", patch.metadata.uid}};
    metadata["annotations"][std::string(api::kLiftQuarantineAnnotation)] = quarantine.digest;
    auto merged = context.cluster.merge(kube::resources::kPatches, patch.metadata.ns, patch.metadata.name,
                                        {{"metadata", metadata}}, options.dry_run == DryRun::Server);
    if (!merged) return fail(merged.error());
    object = std::move(*merged);
  }
  report_change(context, kube::resources::kPatches, patch.metadata.name, "quarantine lifted", object);
  return exit_code::kOk;
}

}  // namespace patchwave::cli
