// CISA's catalogue of Known Exploited Vulnerabilities, as its JSON.
#pragma once

#include <string>
#include <string_view>

#include "controllers/intel/by_cve.hpp"
#include "controllers/intel/csv.hpp"
#include "operator/base/result.hpp"

namespace patchwave::intel {

struct KevEntry {
  risk::CveId cve;
  risk::Kev kev;
};

struct KevFeed {
  ByCve<KevEntry> entries;
  std::string version;    ///< catalogVersion
  std::size_t later = 0;  ///< Entries that were added after the day that counts: not looked at.
  SetAside set_aside;     ///< By the number of the entry, from 1.
};

/// What had been added on `as_of`. Invalid: no JSON, or without the list.
Result<KevFeed> parse_kev(std::string_view text, Date as_of);

}  // namespace patchwave::intel
