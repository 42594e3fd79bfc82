#include "controllers/patch/pool_recipe.hpp"

#include <fmt/format.h>

#include "controllers/plan/recipe.hpp"

namespace patchwave::patch {

Result<std::string> recipe_of_pool(const api::Patch& patch, const std::vector<api::PatchPolicy>& policies) {
  const auto& name = patch.spec.node_pool;
  std::string recipe;
  std::string found_in;
  for (const auto& policy : policies) {
    for (const auto& pool : policy.spec.node_pools) {
      if (pool.name != name) continue;
      if (!recipe.empty() && pool.recipe != recipe) {
        return fail(
            ErrorKind::Invalid,
            fmt::format("PatchPolicy '{}' has pool '{}' with recipe '{}' and PatchPolicy '{}' with recipe "
                        "'{}'; they must agree",
                        found_in, name, recipe, policy.metadata.name, pool.recipe));
      }
      recipe = pool.recipe;
      found_in = policy.metadata.name;
    }
  }
  if (recipe.empty()) {
    return fail(ErrorKind::Invalid, fmt::format("no PatchPolicy in namespace '{}' has a pool '{}' in "
                                                "`spec.targets.nodePools`",
                                                patch.metadata.ns, name));
  }
  return recipe;
}

Lookup resolve(const api::Patch& patch, const api::NodeRecipe& recipe) {
  const auto values = plan::fill_in(recipe.spec, patch.spec.parameters);
  if (!values) {
    return {"", {}, fmt::format("NodeRecipe '{}': {}", recipe.metadata.name, values.error().message), {}};
  }
  return {plan::recipe_digest(recipe.spec, *values), {}, "", {}};
}

}  // namespace patchwave::patch
