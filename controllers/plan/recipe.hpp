// What a patch of a node pool comes to: a recipe, filled in.
#pragma once

#include <map>
#include <string>

#include "controllers/api/recipe.hpp"

namespace patchwave::plan {

/// Values for every parameter of the recipe: those given, and the defaults of the others. Invalid when one is
/// missing, unknown or not what its pattern allows, and when the pattern itself can't be read.
Result<std::map<std::string, std::string>> fill_in(const api::NodeRecipeSpec& recipe,
                                                   const std::map<std::string, std::string>& given);

/// "sha256:…" over the recipe and all values: the digest of a node pool's patch.
std::string recipe_digest(const api::NodeRecipeSpec& recipe,
                          const std::map<std::string, std::string>& values);

}  // namespace patchwave::plan
