// NodeRecipe: how a node is patched in place. Admins keep recipes in the operator's namespace, so that a
// policy chooses one and fills in its parameters, and never brings a command of its own. Its spec does not
// change.
#pragma once

#include "controllers/api/common.hpp"

namespace patchwave::api {

/// A Job on the node. It ends with 0 when what it is for has been done; it may be run again.
struct RecipeStep {
  std::vector<std::string> command;
  milliseconds timeout{10 * 60'000};
  bool operator==(const RecipeStep&) const = default;
};

/// Reaches the steps as the environment variable PARAMETER_<NAME>.
struct RecipeParameter {
  std::string name;
  std::string description;
  std::string pattern;                       ///< Regular expression (RE2) for the whole value.
  std::optional<std::string> default_value;  ///< Unset: every patch must give one.
  bool operator==(const RecipeParameter&) const = default;
};

struct HostPath {
  std::string path;
  std::string mount_path;
  bool read_only = true;
  bool operator==(const HostPath&) const = default;
};

struct NodeRecipeSpec {
  std::string description;
  std::string image;  ///< With a digest.
  bool privileged = false;
  bool host_pid = false;
  std::vector<HostPath> host_paths;
  std::vector<RecipeParameter> parameters;
  RecipeStep patch;
  std::optional<RecipeStep> verify;  ///< Proves on the node that the patch is in.
  std::optional<RecipeStep> undo;    ///< Unset: there is no way back, and every wave needs an approval.
  std::optional<RecipeStep> reboot;  ///< Boots the node anew, if its boot ID is still PATCHWAVE_BOOT_ID.
  bool operator==(const NodeRecipeSpec&) const = default;
};

struct NodeRecipe {
  Metadata metadata;
  NodeRecipeSpec spec;
};

}  // namespace patchwave::api
