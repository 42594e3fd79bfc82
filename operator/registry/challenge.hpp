// WWW-Authenticate (RFC 9110 §11.6.1): what a registry asks for before it answers.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace patchwave::registry {

struct Challenge {
  std::string scheme;                             ///< Lower case: "bearer", "basic".
  std::map<std::string, std::string> parameters;  ///< Names in lower case.
};

/// Several challenges may be in one field, separated by the same comma as parameters. What can't be read is
/// left out; at most 16 challenges and 16 parameters each are kept.
std::vector<Challenge> parse_challenges(std::string_view field);

}  // namespace patchwave::registry
