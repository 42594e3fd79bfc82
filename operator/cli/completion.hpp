// Completion in shells: scripts that call us back, and the answer to what they ask.
#pragma once

#include <CLI/App.hpp>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "operator/base/result.hpp"
#include "operator/kube/resource.hpp"

namespace patchwave::cli {

/// Names of a kind as they are in the cluster now; empty when they can't be had quickly.
using LiveNames = std::function<std::vector<std::string>(const kube::Resource& resource)>;

/// What could stand in place of the last of `words` (the words after the program, the last one possibly
/// empty), each as "word" or "word<TAB>description".
std::vector<std::string> complete(const CLI::App& app, const std::vector<std::string>& words,
                                  const LiveNames& live);

/// The value of a flag among `words`, as in "-n shop", "-nshop" or "--namespace=shop"; "" when it isn't
/// there.
std::string flag_value(const std::vector<std::string>& words, const std::string& long_name,
                       const std::string& short_name);

/// For bash and zsh: to be sourced. For kubectl: the file kubectl_complete-patchwave, to be put on PATH.
Result<std::string> completion_script(std::string_view shell);

}  // namespace patchwave::cli
