#include "controllers/intel/kev.hpp"

#include "operator/base/json.hpp"

namespace patchwave::intel {

Result<KevFeed> parse_kev(std::string_view text, Date as_of) {
  const auto json = parse_json(text, "KEV catalogue");
  if (!json) return fail(json.error());
  const Json* list = find(*json, {"vulnerabilities"});
  if (list == nullptr || !list->is_array())
    return fail(ErrorKind::Invalid, "KEV catalogue: vulnerabilities is missing or is no list");
  KevFeed feed;
  feed.version = string_at(*json, {"catalogVersion"});
  std::vector<KevEntry> entries;
  std::size_t number = 0;
  for (const Json& entry : *list) {
    ++number;
    const std::string id = string_at(entry, {"cveID"});
    const auto cve = risk::parse_cve(id);
    if (!cve) {
      feed.set_aside.add(number, "cveID is '" + id.substr(0, 40) + "' and must be a CVE");
      continue;
    }
    const auto added = parse_date(string_at(entry, {"dateAdded"}));
    if (!added) {
      feed.set_aside.add(number, id + ": dateAdded: " + added.error().message.substr(0, 120));
    } else if (*added > as_of) {
      ++feed.later;
    } else {
      entries.push_back({*cve, {*added, string_at(entry, {"knownRansomwareCampaignUse"}) == "Known"}});
    }
  }
  feed.entries = ByCve(std::move(entries));
  return feed;
}

}  // namespace patchwave::intel
