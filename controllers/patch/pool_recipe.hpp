// Which recipe a node pool's patch comes down to. Pure.
#pragma once

#include <string>
#include <vector>

#include "controllers/api/policy.hpp"
#include "controllers/api/recipe.hpp"
#include "controllers/patch/decide.hpp"

namespace patchwave::patch {

/// The name of the recipe of the patch's pool. Invalid, with what to do, when no policy of the namespace has
/// the pool, or two have it with different recipes.
Result<std::string> recipe_of_pool(const api::Patch& patch, const std::vector<api::PatchPolicy>& policies);

/// The digest of the recipe with the patch's parameters, or why there is none.
Lookup resolve(const api::Patch& patch, const api::NodeRecipe& recipe);

}  // namespace patchwave::patch
