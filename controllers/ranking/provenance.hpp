// Which feed a factor rests on, and what can be said of that feed.
#pragma once

#include <string>

#include "controllers/ranking/assess.hpp"

namespace patchwave::ranking {

/// What a factor of a finding rests on: its evidence, with the edition of the feed that was asked, or that
/// there is none; and the path in the cluster where it is about that.
std::string source_of(risk::Factor factor, const risk::Finding& finding, const Circumstances& circumstances,
                      const Basis& basis);

/// RiskAssessed: True while every configured feed has data that is not stale. A feed that can't be read any
/// more is named even then.
api::Condition condition_of(const api::Patch& patch, const intel::FeedsSnapshot& feeds, bool is_kept,
                            Time now);

}  // namespace patchwave::ranking
