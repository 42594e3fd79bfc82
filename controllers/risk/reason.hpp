// Why a finding has the place it has, as a sentence for people.
#pragma once

#include <string>

#include "controllers/risk/assessment.hpp"

namespace patchwave::risk {

/// "exposure open (assumed) + automatable yes (derived) + technical impact total (derived); 1.2 % in 90 days:
/// Metasploit module since 2024-05-02 ×7.6 + …": what the table read, then the three factors that weigh most,
/// the heaviest first, by what they multiply the average vulnerability by. Without commas, so that CSV needs
/// no quotes.
std::string reason(const Finding& finding, const Assessment& assessment, Date as_of);

}  // namespace patchwave::risk
