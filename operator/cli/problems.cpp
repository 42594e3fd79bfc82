#include "operator/cli/problems.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

namespace patchwave::cli {
namespace {

std::string full_name(const kube::Resource& resource) {
  return resource.group.empty() ? resource.plural : resource.plural + "." + resource.group;
}

std::string place(const Attempt& attempt) {
  return attempt.ns.empty() ? " in any namespace" : fmt::format(" in namespace \"{}\"", attempt.ns);
}

std::string forbidden(const Attempt& attempt) {
  const std::string resource = full_name(attempt.resource);
  return fmt::format(
      "you may not {0} {1}{2}\n"
      "The rule that is missing: {{apiGroups: [\"{3}\"], resources: [{4}], verbs: [{0}]}}\n"
      "To check: kubectl auth can-i {0} {1}{5}",
      attempt.verb, resource, place(attempt), attempt.resource.group, attempt.resource.plural,
      attempt.ns.empty() ? " --all-namespaces" : " -n " + attempt.ns);
}

std::string not_served(const Attempt& attempt) {
  return fmt::format(
      "the cluster does not serve {}/{}: Patchwave's CRDs are not installed, or are of another version\n"
      "To install: helm upgrade --install patchwave charts/patchwave -n patchwave-system --create-namespace\n"
      "To install the CRDs alone: kubectl apply --server-side -f crds/",
      full_name(attempt.resource), attempt.resource.version);
}

std::string not_found(const Attempt& attempt, const std::vector<std::string>& others) {
  std::string text =
      fmt::format("{} \"{}\" not found{}", full_name(attempt.resource), attempt.name, place(attempt));
  const auto nearest = nearest_names(attempt.name, others);
  if (!nearest.empty()) text += fmt::format("\nNearest: {}", fmt::join(nearest, ", "));
  return text;
}

std::size_t shared_ends(const std::string& a, const std::string& b) {
  const std::size_t least = std::min(a.size(), b.size());
  std::size_t front = 0;
  while (front < least && a[front] == b[front]) ++front;
  std::size_t back = 0;
  while (back < least - front && a[a.size() - 1 - back] == b[b.size() - 1 - back]) ++back;
  return front + back;
}

}  // namespace

Error explain_problem(const Error& error, const Attempt& attempt, const std::vector<std::string>& others) {
  Error explained = error;
  if (error.reason == "KindNotServed") {
    explained.message = not_served(attempt);
  } else if (error.kind == ErrorKind::NotFound && !attempt.name.empty()) {
    explained.message = not_found(attempt, others);
  } else if (error.kind == ErrorKind::Forbidden) {
    explained.message = forbidden(attempt) + "\nThe server said: " + error.message;
  } else if (error.kind == ErrorKind::Unauthorized) {
    explained.message +=
        "\nThe credential of this context was not accepted; log in again, or choose another --context";
  } else if (error.kind == ErrorKind::Unavailable && error.http_status == 0) {
    explained.message +=
        "\nIs the cluster up, and is it the one you mean? To see which one is asked: kubectl config view "
        "--minify";
  }
  return explained;
}

std::vector<std::string> nearest_names(const std::string& name, std::vector<std::string> names) {
  const std::size_t enough = std::max<std::size_t>(name.size() / 2, 2);
  std::erase_if(names, [&](const std::string& other) { return shared_ends(name, other) < enough; });
  std::ranges::stable_sort(names, std::ranges::greater(),
                           [&](const std::string& other) { return shared_ends(name, other); });
  constexpr std::size_t kMost = 3;
  if (names.size() > kMost) names.resize(kMost);
  return names;
}

}  // namespace patchwave::cli
