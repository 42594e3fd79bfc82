// Who made a node unschedulable. `spec.unschedulable` is one bit without an owner; the owner is written
// beside it in the same write, and only an owner takes back what it did.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "operator/base/clock.hpp"
#include "operator/base/json.hpp"

namespace patchwave::drain {

/// On a node: who drains it, as JSON. Written with the cordon, removed with it.
inline constexpr std::string_view kCordonAnnotation = "patchwave.dev/cordoned-by";

struct CordonRecord {
  std::string owner;   ///< "<namespace>/<wave>/<wave uid>", or what else runs the drain.
  std::string reason;  ///< For people.
  Time since;          ///< When the drain began; its deadline counts from here.
  /// The node was unschedulable before us: whoever did that will want it to stay so.
  bool was_unschedulable = false;
  int repeats = 0;  ///< How often the cordon was lost and put back.
  bool operator==(const CordonRecord&) const = default;
};

/// Without control characters: the record is shown on terminals.
std::string print_record(const CordonRecord& record);
/// Nothing when the text is no record that we could have printed: somebody else's annotation under our key,
/// which we leave alone.
std::optional<CordonRecord> parse_record(std::string_view text);

/// A node's cordon as it stands.
struct Cordon {
  bool unschedulable = false;
  /// We alone are on record as the manager of `spec.unschedulable`, or nobody is.
  bool set_by_us = true;
  std::string set_by;  ///< The other manager, for people; empty when there is none.
  /// The annotation is there. `record` is empty when it can't be read.
  bool annotated = false;
  std::optional<CordonRecord> record;

  [[nodiscard]] bool owned_by(std::string_view owner) const { return record && record->owner == owner; }
};

Cordon read_cordon(const Json& node);

/// What `owner` has to write to give a node back.
enum class Release : std::uint8_t {
  Nothing,       ///< The node is not on record as ours.
  ForgetRecord,  ///< Remove the record alone: the node is schedulable, or another wants it cordoned.
  Uncordon,      ///< Remove the record and the cordon that came with it.
};
Release release_of(const Cordon& cordon, std::string_view owner);

}  // namespace patchwave::drain
