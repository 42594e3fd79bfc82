#include "controllers/plan/recipe.hpp"

#include <fmt/format.h>
#include <re2/re2.h>

#include <algorithm>

#include "controllers/api/codec.hpp"
#include "controllers/plan/hash.hpp"

namespace patchwave::plan {
namespace {

/// Of a compiled pattern: an admin's mistake must not take the operator's memory.
constexpr std::int64_t kMostPatternMemory = 1 << 20;

Result<void> check(const api::RecipeParameter& parameter, const std::string& value) {
  RE2::Options options(RE2::Quiet);
  options.set_max_mem(kMostPatternMemory);
  const RE2 pattern(parameter.pattern, options);
  if (!pattern.ok()) {
    return fail(ErrorKind::Invalid, fmt::format("the pattern '{}' of parameter '{}' can't be read: {}",
                                                parameter.pattern, parameter.name, pattern.error()));
  }
  if (RE2::FullMatch(value, pattern)) return {};
  return fail(ErrorKind::Invalid, fmt::format("parameter '{}' is '{}'; it must match '{}'", parameter.name,
                                              value, parameter.pattern));
}

}  // namespace

Result<std::map<std::string, std::string>> fill_in(const api::NodeRecipeSpec& recipe,
                                                   const std::map<std::string, std::string>& given) {
  std::map<std::string, std::string> values = given;
  for (const auto& parameter : recipe.parameters) {
    if (!values.contains(parameter.name)) {
      if (!parameter.default_value) {
        return fail(ErrorKind::Invalid, fmt::format("parameter '{}' must be set", parameter.name));
      }
      values[parameter.name] = *parameter.default_value;
    }
    if (auto good = check(parameter, values[parameter.name]); !good) return fail(std::move(good.error()));
  }
  for (const auto& [name, value] : given) {
    if (std::ranges::find(recipe.parameters, name, &api::RecipeParameter::name) == recipe.parameters.end()) {
      return fail(ErrorKind::Invalid, fmt::format("the recipe has no parameter '{}'", name));
    }
  }
  return values;
}

std::string recipe_digest(const api::NodeRecipeSpec& recipe,
                          const std::map<std::string, std::string>& values) {
  return "sha256:" + sha256_hex(print_json({{"recipe", api::print_spec(recipe)}, {"parameters", values}}));
}

}  // namespace patchwave::plan
