// What Prometheus has of a canary and its baseline, judged.
#pragma once

#include <string>

#include "controllers/api/common.hpp"
#include "controllers/judge/recorded.hpp"
#include "operator/cli/environment.hpp"

namespace patchwave::cli {

/// Where samples are, whose and of when, as flags say it.
struct HistoryFlags {
  prometheus::Access access;  ///< Without a URL there are none.
  std::string canary;         ///< Regular expressions for the names of pods.
  std::string baseline;
  std::string pod_label = "pod";
  std::string since;  ///< When the change was made: RFC 3339, seconds since 1970, or how long ago.
  std::string until;  ///< "": now.
};

/// `ns` stands for {{namespace}} and narrows the selectors; "" does neither. Warns of what leaves an arm
/// empty. Invalid names the flag; the errors of Prometheus are told as such.
Result<judge::RecordedVerdict> judge_history(Environment& environment, const api::GateSpec& gate,
                                             const HistoryFlags& flags, const std::string& ns,
                                             milliseconds request_timeout);

}  // namespace patchwave::cli
