// Reading and writing of the shapes that several kinds share. Bounds are those of crds/.
#pragma once

#include "controllers/api/common.hpp"
#include "controllers/api/object_reader.hpp"

namespace patchwave::api {

inline constexpr TextRule kObjectNameRule{1, 253, is_object_name,
                                          "the name of an object: lower-case letters, digits, '-' and '.'"};
inline constexpr TextRule kLabelNameRule{1, 63, is_label_name,
                                         "a name of lower-case letters, digits and '-'"};
inline constexpr TextRule kDigestRule{0, 71, is_digest,
                                      "a digest: 'sha256:' and 64 lower-case hexadecimal digits"};

/// How a wave goes about its targets; the same fields in a policy's waves and in a PatchWave.
struct Pace {
  std::vector<CountOrPercent> steps;
  CountOrPercent max_unavailable;
  milliseconds step_bake;
  milliseconds bake;
  milliseconds progress_deadline;
  bool approval_required;
};

Pace read_pace(const ObjectReader& reader);
void print_pace(Json& to, const Pace& pace);

CountOrPercent read_max_unavailable(const ObjectReader& reader);
Json print_max_unavailable(const CountOrPercent& value);

/// The name in `key: {name: …}`; empty when the reference is absent.
std::string read_reference(const ObjectReader& reader, std::string_view key,
                           Presence presence = Presence::Optional);

LabelSelector read_label_selector(const ObjectReader& reader);
Json print_label_selector(const LabelSelector& selector);

Windows read_windows(const ObjectReader& reader);
Json print_windows(const Windows& windows);

GateSpec read_gate(const ObjectReader& fields);
Json print_gate(const GateSpec& gate);
std::vector<GateSpec> read_gates(const ObjectReader& reader);
Json print_gates(const std::vector<GateSpec>& gates);

UndecidedPolicy read_undecided(const ObjectReader& reader);
Json print_undecided(const UndecidedPolicy& undecided);

std::vector<Condition> read_conditions(const ObjectReader& reader);

// Writers that leave out what is empty, as an absent field is read back as empty.
void put(Json& to, std::string_view key, const std::string& value);
void put(Json& to, std::string_view key, const std::vector<std::string>& value);
void put(Json& to, std::string_view key, const std::optional<Time>& value);
void put(Json& to, std::string_view key, Json value);
void put_conditions(Json& to, const std::vector<Condition>& conditions);

}  // namespace patchwave::api
