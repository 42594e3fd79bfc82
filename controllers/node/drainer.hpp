// Carries out what controllers/drain decided, on the live cluster.
#pragma once

#include <optional>
#include <string>

#include "controllers/drain/drain.hpp"
#include "operator/kube/client.hpp"

namespace patchwave::node {

struct Heard {
  drain::Answer answer = drain::Answer::Failed;
  std::string message;
  std::optional<milliseconds> retry_after;
};
/// The eviction API's answer in the drain's words.
Heard hear(const Result<kube::EvictionAnswer>& answer);

/// One step: reads, decides, writes. What others changed in between is no error: the next step sees it.
Result<drain::Step> drain_step(const kube::Client& client, const std::string& node, const drain::Order& order,
                               drain::Progress& progress, Time now);

/// Gives the node back, if `owner` has it: takes away the record, and the cordon that came with it. Returns
/// what was written. Conflict when others kept writing to the node all the while: to be tried again.
Result<drain::Release> release(const kube::Client& client, const std::string& node, std::string_view owner);

}  // namespace patchwave::node
