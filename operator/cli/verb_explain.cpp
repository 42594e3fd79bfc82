#include <ostream>

#include "operator/cli/explanation.hpp"
#include "operator/cli/verbs.hpp"

namespace patchwave::cli {
namespace {

template <class Object>
std::vector<Object> objects_of(Result<ReadList<Object>> read) {
  std::vector<Object> objects;
  if (!read) return objects;
  for (auto& item : read->items) objects.push_back(std::move(item.object));
  return objects;
}

Result<Explanation> explain_one(Context& context, const std::string& kind, const std::string& name) {
  const Cluster& cluster = context.cluster;
  const std::string& program = context.environment.program;
  if (kind == "wave" || kind == "waves" || kind == "patchwave" || kind == "patchwaves" || kind == "pw") {
    const auto wave = cluster.wave(context.ns, name);
    if (!wave) return fail(wave.error());
    WaveSurroundings around{
        objects_of(cluster.waves(context.ns)), objects_of(cluster.approvals(context.ns)), {}};
    const auto patch = cluster.patch(context.ns, wave->object.spec.patch);
    if (patch) around.patch = patch->object;
    return explain_wave(wave->object, around, program, context.now());
  }
  if (kind == "patch" || kind == "patches" || kind == "pat") {
    const auto patch = cluster.patch(context.ns, name);
    if (!patch) return fail(patch.error());
    return explain_patch(patch->object, objects_of(cluster.waves(context.ns)), program, context.now());
  }
  if (kind == "policy" || kind == "policies" || kind == "patchpolicy" || kind == "patchpolicies" ||
      kind == "pp") {
    const auto policy = cluster.policy(context.ns, name);
    if (!policy) return fail(policy.error());
    return explain_policy(policy->object, context.now());
  }
  return fail(ErrorKind::Invalid, "'" + kind + "' can't be explained; the kinds are wave, patch and policy");
}

}  // namespace

Result<int> explain(Context& context) {
  const std::string& what = context.options.name;
  const auto slash = what.find('/');
  const std::string kind = slash == std::string::npos ? "wave" : what.substr(0, slash);
  const std::string name = slash == std::string::npos ? what : what.substr(slash + 1);
  if (name.empty()) return fail(ErrorKind::Invalid, "'" + what + "' names no object; write KIND/NAME");
  const auto explanation = explain_one(context, kind, name);
  if (!explanation) return fail(explanation.error());
  const Format format = context.options.format;
  if (format == Format::Json || format == Format::Yaml) {
    context.environment.out << print_object(print_explanation(*explanation), format);
  } else {
    context.environment.out << render_explanation(*explanation, context.style);
  }
  return exit_code::kOk;
}

}  // namespace patchwave::cli
