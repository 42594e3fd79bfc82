// A month's patches as CSV: one patch of one asset group a row.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "controllers/intel/findings.hpp"

namespace patchwave::intel {

struct PatchRow {
  std::string name;
  std::string group;
  int affected = 0;  ///< Systems; 0 where it isn't told.
  std::string vendor;
  std::string product;
  std::optional<Date> detected;              ///< From when on its deadline counts; else the day that counts.
  std::vector<std::string> after;            ///< Patches that must be done before it, by name.
  FindingRow finding;                        ///< Of the vulnerability that it closes.
  std::map<std::string, std::string> other;  ///< Columns that mean nothing here.
};

struct PatchList {
  std::vector<PatchRow> rows;                ///< By name; each name once.
  std::vector<std::string> missing_columns;  ///< That would have told more.
  std::size_t later = 0;                     ///< Released after the day that counts: left out.
  std::size_t disagreements = 0;             ///< See Findings.
  SetAside set_aside;
};

/// The columns patch_id, cve, asset_group and affected_systems, and maybe
///   vendor, product        what it changes
///   detected               a date
///   ssvc_exploitation      none, poc, active
///   after                  names of patches that must be done before, set apart by blanks or ';'
/// and those of findings but for exposure and criticality, which are the group's. Any order, any case.
/// Invalid: no header, or the columns it lacks. TooLarge: more than 100,000 rows.
Result<PatchList> parse_patch_list(std::string_view text, Date as_of);

}  // namespace patchwave::intel
