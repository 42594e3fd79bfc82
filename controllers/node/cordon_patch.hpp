// How a cordon with its owner, and a proof of what patched a node, are written to it. Pure.
#pragma once

#include <string>
#include <string_view>

#include "controllers/drain/cordon.hpp"
#include "controllers/target/guarded_patch.hpp"

namespace patchwave::node {

target::GuardedPatch cordon_patch(const Json& node, const drain::CordonRecord& record);

/// Takes away the record of `owner`, and the cordon that came with it. Changes nothing of a node that is on
/// record as another's.
target::GuardedPatch release_patch(const Json& node, std::string_view owner);

/// The same, and says on the node what patched it ("" removes that), when it is not said already.
target::GuardedPatch release_patch(const Json& node, std::string_view owner, const std::string& patched_by);

}  // namespace patchwave::node
