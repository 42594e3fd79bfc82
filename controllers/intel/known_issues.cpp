#include "controllers/intel/known_issues.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "operator/base/json.hpp"

namespace patchwave::intel {
namespace {

constexpr std::size_t kMostEntries = 10'000;
constexpr std::size_t kLongestText = 512;

std::string text_at(const Json& entry, std::string_view key) {
  return string_at(entry, {key}).substr(0, kLongestText);
}

bool matches(const KnownIssue& issue, const PatchRow& patch) {
  const auto holds = [](std::string_view wanted, std::string_view found) {
    return wanted.empty() || same_word(wanted, found);
  };
  return holds(issue.patch, patch.name) && holds(issue.cve, patch.finding.id) &&
         holds(issue.vendor, patch.vendor) && holds(issue.product, patch.product);
}

}  // namespace

Result<KnownIssues> parse_known_issues(std::string_view text) {
  const auto json = parse_json(text, "the known issues");
  if (!json) return fail(json.error());
  const Json& list = json->is_array() ? *json : array_at(*json, {"knownIssues"});
  if (!json->is_array() && list.empty() && find(*json, {"knownIssues"}) == nullptr)
    return fail(ErrorKind::Invalid, "it is neither a list nor an object with the list knownIssues");
  if (list.size() > kMostEntries)
    return fail(ErrorKind::Invalid,
                fmt::format("it has {} entries and may have {}", list.size(), kMostEntries));
  KnownIssues issues;
  for (std::size_t i = 0; i < list.size(); ++i) {
    KnownIssue issue{text_at(list[i], "patch"), text_at(list[i], "cve"), text_at(list[i], "vendor"),
                     text_at(list[i], "product"), text_at(list[i], "issue")};
    const bool names_one = !issue.patch.empty() || !issue.cve.empty() || !issue.product.empty();
    if (!names_one) {
      issues.set_aside.add(i + 1, "it names no patch, cve or product and is left out");
    } else if (issue.issue.empty()) {
      issues.set_aside.add(i + 1, "it has no issue and is left out");
    } else {
      issues.entries.push_back(std::move(issue));
    }
  }
  return issues;
}

std::string issues_of(const KnownIssues& issues, const PatchRow& patch) {
  std::string text;
  for (const auto& issue : issues.entries) {
    if (matches(issue, patch)) text += (text.empty() ? "" : "; ") + issue.issue;
  }
  return text;
}

}  // namespace patchwave::intel
