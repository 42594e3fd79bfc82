// What is known to break: notes of vendors and of one's own about patches, as JSON.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "controllers/intel/csv.hpp"
#include "controllers/intel/patch_list.hpp"
#include "operator/base/result.hpp"

namespace patchwave::intel {

struct KnownIssue {
  std::string patch;  ///< Each "" where it isn't given; all that are given must be those of the patch.
  std::string cve;
  std::string vendor;
  std::string product;
  std::string issue;
};

struct KnownIssues {
  std::vector<KnownIssue> entries;
  SetAside set_aside;  ///< By the number of the entry, from 1.
};

/// [{"patch" or "cve" or "product" with maybe "vendor", "issue"}], or an object with that list as
/// "knownIssues". Protocol: no JSON. Invalid: no list, or more than 10,000 entries.
Result<KnownIssues> parse_known_issues(std::string_view text);

/// All that are known of a patch, set apart by "; "; "" for none.
std::string issues_of(const KnownIssues& issues, const PatchRow& patch);

}  // namespace patchwave::intel
