#include "operator/cli/completion.hpp"

#include <algorithm>
#include <map>

namespace patchwave::cli {
namespace {

const std::map<std::string, std::vector<std::string>>& flag_values() {
  static const std::map<std::string, std::vector<std::string>> values = {
      {"bare-pods", {"evict", "refuse", "leave"}},
      {"local-storage", {"evict", "refuse", "leave"}},
      {"protected-pods", {"evict", "refuse", "leave"}},
      {"output", {"wide", "json", "yaml", "name", "csv", "markdown", "ics", "html"}},
      {"deadlines", {"BOD-26-04", "SSVC", "Tiers"}},
      {"color", {"auto", "always", "never"}},
      {"dry-run", {"none", "client", "server"}},
  };
  return values;
}

bool takes_value(const CLI::Option& option) {
  return option.get_items_expected_max() > 0;
}

bool answers_to(const CLI::Option& option, const std::string& word) {
  if (word.starts_with("--")) return option.check_lname(word.substr(2));
  return word.size() == 2 && option.check_sname(word.substr(1));
}

const CLI::Option* find_option(const CLI::App* command, const std::string& word) {
  for (; command != nullptr; command = command->get_parent()) {
    for (const CLI::Option* option : command->get_options()) {
      if (answers_to(*option, word)) return option;
    }
  }
  return nullptr;
}

const CLI::App* find_command(const CLI::App& command, const std::string& word) {
  const auto subcommands =
      command.get_subcommands([&](const CLI::App* sub) { return sub->check_name(word); });
  return subcommands.empty() ? nullptr : subcommands.front();
}

std::string described(const std::string& word, const std::string& description) {
  return description.empty() ? word : word + "\t" + description;
}

void add_flags(const CLI::App* command, std::vector<std::string>& candidates) {
  for (; command != nullptr; command = command->get_parent()) {
    for (const CLI::Option* option : command->get_options()) {
      for (const std::string& name : option->get_lnames()) {
        candidates.push_back(described("--" + name, option->get_description()));
      }
    }
  }
}

std::vector<std::string> with_prefix(const std::string& prefix, std::vector<std::string> names) {
  for (std::string& name : names) name.insert(0, prefix);
  return names;
}

std::vector<std::string> arguments_of(const CLI::App& command, const std::string& word,
                                      const LiveNames& live) {
  namespace resources = kube::resources;
  const std::string& name = command.get_name();
  if (name == "wave" || name == "approve" || name == "deny" || name == "cancel")
    return live(resources::kPatchWaves);
  if (name == "nodes" || name == "drain" || name == "uncordon") return live(resources::kNodes);
  if (name == "lift") return live(resources::kPatches);
  if (name == "completion") return {"bash", "zsh", "kubectl"};
  if (name != "explain") return {};
  if (word.starts_with("wave/")) return with_prefix("wave/", live(resources::kPatchWaves));
  if (word.starts_with("patch/")) return with_prefix("patch/", live(resources::kPatches));
  if (word.starts_with("policy/")) return with_prefix("policy/", live(resources::kPatchPolicies));
  return {"wave/", "patch/", "policy/"};
}

std::vector<std::string> value_candidates(const CLI::Option& option, const LiveNames& live) {
  for (const std::string& name : option.get_lnames()) {
    if (name == "namespace") return live(kube::resources::kNamespaces);
    const auto values = flag_values().find(name);
    if (values != flag_values().end()) return values->second;
  }
  return {};
}

constexpr std::string_view kBash = R"(# kubectl-patchwave completion for bash
_kubectl_patchwave() {
  local line
  COMPREPLY=()
  while IFS= read -r line; do
    case "$line" in :*) continue ;; esac
    COMPREPLY+=("${line%%$'\t'*}")
  done < <(kubectl-patchwave __complete "${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null)
}
complete -o default -F _kubectl_patchwave kubectl-patchwave
)";

constexpr std::string_view kZsh = R"(#compdef kubectl-patchwave
_kubectl_patchwave() {
  local -a candidates
  local line
  while IFS= read -r line; do
    case "$line" in :*) continue ;; esac
    candidates+=("${${line%%$'\t'*}//:/\\:}:${line#*$'\t'}")
  done < <(kubectl-patchwave __complete "${(@)words[2,CURRENT]}" 2>/dev/null)
  _describe 'kubectl-patchwave' candidates
}
compdef _kubectl_patchwave kubectl-patchwave
)";

constexpr std::string_view kKubectl = R"(#!/bin/sh
exec kubectl-patchwave __complete "$@"
)";

}  // namespace

std::vector<std::string> complete(const CLI::App& app, const std::vector<std::string>& words,
                                  const LiveNames& live) {
  const std::string word = words.empty() ? "" : words.back();
  const CLI::App* command = &app;
  const CLI::Option* open = nullptr;  // The flag whose value comes next.
  for (std::size_t i = 0; i + 1 < words.size(); ++i) {
    if (open != nullptr) {
      open = nullptr;
    } else if (words[i].starts_with("-")) {
      const CLI::Option* option = find_option(command, words[i]);
      if (option != nullptr && takes_value(*option)) open = option;
    } else if (const CLI::App* sub = find_command(*command, words[i])) {
      command = sub;
    }
  }
  std::vector<std::string> candidates;
  if (open != nullptr) {
    candidates = value_candidates(*open, live);
  } else if (const auto equals = word.find('='); word.starts_with("--") && equals != std::string::npos) {
    const CLI::Option* option = find_option(command, word.substr(0, equals));
    if (option != nullptr)
      candidates = with_prefix(word.substr(0, equals + 1), value_candidates(*option, live));
  } else if (word.starts_with("-")) {
    add_flags(command, candidates);
  } else {
    for (const CLI::App* sub : command->get_subcommands([](const CLI::App*) { return true; })) {
      candidates.push_back(described(sub->get_name(), sub->get_description()));
    }
    if (candidates.empty()) candidates = arguments_of(*command, word, live);
  }
  std::erase_if(candidates, [&](const std::string& candidate) { return !candidate.starts_with(word); });
  return candidates;
}

std::string flag_value(const std::vector<std::string>& words, const std::string& long_name,
                       const std::string& short_name) {
  for (std::size_t i = 0; i < words.size(); ++i) {
    const std::string& word = words[i];
    const bool named = word == "--" + long_name || (!short_name.empty() && word == "-" + short_name);
    if (named) return i + 1 < words.size() ? words[i + 1] : "";
    if (word.starts_with("--" + long_name + "=")) return word.substr(long_name.size() + 3);
    if (!short_name.empty() && word.starts_with("-" + short_name)) return word.substr(2);
  }
  return "";
}

Result<std::string> completion_script(std::string_view shell) {
  if (shell == "bash") return std::string(kBash);
  if (shell == "zsh") return std::string(kZsh);
  if (shell == "kubectl") return std::string(kKubectl);
  return fail(ErrorKind::Invalid,
              "no completion for '" + std::string(shell) + "'; there is bash, zsh and kubectl");
}

}  // namespace patchwave::cli
