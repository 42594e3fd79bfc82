// How objects end: finalizers, graceful pod deletion, garbage collection by owner references.
#pragma once

#include "tests/simulation/agenda.hpp"
#include "tests/simulation/cluster_state.hpp"
#include "tests/simulation/random.hpp"

namespace patchwave::simulation {

/// What a DELETE does once its preconditions hold. A pod on a node and an object with finalizers stay,
/// marked; anything else is gone on return.
void begin_deletion(ClusterState& state, const kube::Resource& resource, const Snapshot& object,
                    const Writer& writer, std::string_view subresource = "");

/// Removes what has owner references and none of whose owners exists any more, a moment after they went.
class GarbageCollector {
 public:
  GarbageCollector(ClusterState& state, Agenda& agenda, Random& random);

 private:
  void collect(const std::string& uid);

  ClusterState& state_;
  Agenda& agenda_;
  Random& random_;
};

}  // namespace patchwave::simulation
