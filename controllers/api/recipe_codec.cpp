#include <algorithm>

#include "controllers/api/codec.hpp"
#include "controllers/api/shared_codec.hpp"
#include "operator/base/time.hpp"

namespace patchwave::api {
namespace {

constexpr TextRule kPinnedImageRule{1, 512, is_pinned_image,
                                    "an image with its digest: 'registry.example.com/patch@sha256:…'"};
constexpr TextRule kPathRule{1, 256, is_absolute_path, "an absolute path without '..'"};
constexpr TextRule kArgumentRule{0, 8192, is_any_text, "at most 8192 characters"};
constexpr TextRule kWordsRule{0, 1024, is_any_text, "at most 1024 characters"};

RecipeStep read_step(const ObjectReader& fields) {
  return {fields.texts("command", {1, 64}, kArgumentRule, Presence::Required),
          fields.duration("timeout", RecipeStep{}.timeout, {seconds(1), std::chrono::hours(4)})};
}

std::optional<RecipeStep> read_optional_step(const ObjectReader& spec, std::string_view key) {
  if (!spec.has(key)) return std::nullopt;
  return read_step(spec.object(key));
}

RecipeParameter read_parameter(const ObjectReader& fields) {
  return {fields.text("name", kLabelNameRule, Presence::Required), fields.text("description", kWordsRule),
          fields.text("pattern", {1, 512}, Presence::Required), fields.optional_text("default", kWordsRule)};
}

HostPath read_host_path(const ObjectReader& fields) {
  return {fields.text("path", kPathRule, Presence::Required),
          fields.text("mountPath", kPathRule, Presence::Required), fields.flag("readOnly", true)};
}

std::vector<RecipeParameter> read_parameters_of(const ObjectReader& spec) {
  auto parameters = spec.objects("parameters", {0, 20}, read_parameter);
  auto names = parameters;
  std::ranges::sort(names, {}, &RecipeParameter::name);
  if (std::ranges::adjacent_find(names, {}, &RecipeParameter::name) != names.end()) {
    spec.refuse("parameters", "must have distinct names");
  }
  return parameters;
}

NodeRecipeSpec read_spec(const ObjectReader& fields) {
  NodeRecipeSpec spec;
  spec.description = fields.text("description", kWordsRule);
  spec.image = fields.text("image", kPinnedImageRule, Presence::Required);
  spec.privileged = fields.flag("privileged", false);
  spec.host_pid = fields.flag("hostPID", false);
  spec.host_paths = fields.objects("hostPaths", {0, 8}, read_host_path);
  spec.parameters = read_parameters_of(fields);
  spec.patch = read_step(fields.object("patch", Presence::Required));
  spec.verify = read_optional_step(fields, "verify");
  spec.undo = read_optional_step(fields, "undo");
  spec.reboot = read_optional_step(fields, "reboot");
  return spec;
}

Json print_step(const RecipeStep& step) {
  return {{"command", step.command}, {"timeout", format_duration(step.timeout)}};
}

Json print_parameter(const RecipeParameter& parameter) {
  Json fields = {{"name", parameter.name}, {"pattern", parameter.pattern}};
  put(fields, "description", parameter.description);
  if (parameter.default_value) fields["default"] = *parameter.default_value;
  return fields;
}

}  // namespace

Result<NodeRecipe> parse_recipe(const Json& object) {
  Finding finding;
  const ObjectReader root(object, "", finding);
  NodeRecipe recipe{parse_metadata(object), read_spec(root.object("spec", Presence::Required))};
  if (finding.first) return fail(*finding.first);
  return recipe;
}

Json print_spec(const NodeRecipeSpec& spec) {
  Json host_paths = Json::array();
  for (const auto& path : spec.host_paths) {
    host_paths.push_back({{"path", path.path}, {"mountPath", path.mount_path}, {"readOnly", path.read_only}});
  }
  Json parameters = Json::array();
  for (const auto& parameter : spec.parameters) parameters.push_back(print_parameter(parameter));
  Json fields = {{"image", spec.image},
                 {"privileged", spec.privileged},
                 {"hostPID", spec.host_pid},
                 {"patch", print_step(spec.patch)}};
  put(fields, "description", spec.description);
  put(fields, "hostPaths", std::move(host_paths));
  put(fields, "parameters", std::move(parameters));
  if (spec.verify) fields["verify"] = print_step(*spec.verify);
  if (spec.undo) fields["undo"] = print_step(*spec.undo);
  if (spec.reboot) fields["reboot"] = print_step(*spec.reboot);
  return fields;
}

}  // namespace patchwave::api
