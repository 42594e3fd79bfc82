// Errors of the API server in the words of somebody at a terminal: what was tried, and what to do about it.
#pragma once

#include <string>
#include <vector>

#include "operator/base/result.hpp"
#include "operator/kube/resource.hpp"

namespace patchwave::cli {

struct Attempt {
  std::string verb;  ///< As RBAC says it: get, list, create, patch.
  kube::Resource resource;
  std::string ns;    ///< Empty: all namespaces.
  std::string name;  ///< Empty: the collection.
};

/// NotFound names the object and `others` that have nearly its name; Forbidden says which RBAC rule is
/// missing and how to ask for it; a kind that isn't served says how the CRDs are installed; no server at the
/// address says how to see which address that is. Kind and status are kept.
Error explain_problem(const Error& error, const Attempt& attempt,
                      const std::vector<std::string>& others = {});

/// Up to three of `names` that share most of their beginning and end with `name`: names here are built as
/// patch-policy-wave, so it is a part in the middle that is mistyped.
std::vector<std::string> nearest_names(const std::string& name, std::vector<std::string> names);

}  // namespace patchwave::cli
