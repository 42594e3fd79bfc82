// What people are told when a patch becomes more or less pressing. Pure.
#pragma once

#include <optional>
#include <string>

#include "controllers/api/patch.hpp"

namespace patchwave::patch {

struct DeadlineNews {
  bool is_sooner = false;  ///< It is due earlier than was said before.
  std::string text;  ///< "60 days, due 2027-01-20T…Z → 3 days, due 2026-11-30T…Z: CVE-2026-1234: known …"
};

/// nullopt while class and deadline stay what they were, and for the first look at what is due by no day.
std::optional<DeadlineNews> deadline_news(const api::PatchStatus& before, const api::PatchStatus& after);

}  // namespace patchwave::patch
