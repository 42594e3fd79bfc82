// The Kubernetes API over the true state: what kube-apiserver would answer to one request, at once and
// without faults. Watches are not served: the simulation hands events to the operator itself
// (watch_feed.hpp).
#pragma once

#include "operator/http/transport.hpp"
#include "tests/simulation/api_request.hpp"
#include "tests/simulation/cluster_state.hpp"

namespace patchwave::simulation {

class SimulatedApi {
 public:
  explicit SimulatedApi(ClusterState& state) : state_(state) {}

  http::Response handle(const http::Request& request, const Writer& writer);

 private:
  http::Response dispatch(const http::Request& request, const Writer& writer);
  http::Response get(const ApiTarget& target) const;
  http::Response list(const ApiTarget& target) const;
  http::Response create(const ApiTarget& target, const http::Request& request, const Writer& writer);
  http::Response replace(const ApiTarget& target, const http::Request& request, const Writer& writer);
  http::Response patch(const ApiTarget& target, const http::Request& request, const Writer& writer);
  http::Response apply(const ApiTarget& target, const Snapshot& before, const Json& configuration,
                       const Writer& writer);
  http::Response remove(const ApiTarget& target, const http::Request& request, const Writer& writer);
  /// The common end of every change of an existing object.
  http::Response store(const ApiTarget& target, const Snapshot& before, Json after, const Writer& writer,
                       bool applied);
  http::Response insert(const ApiTarget& target, Json object, const Writer& writer, bool applied);

  ClusterState& state_;
};

/// An http::Transport straight onto the API, for tests of the cluster itself.
class DirectTransport final : public http::Transport {
 public:
  DirectTransport(SimulatedApi& api, Writer writer) : api_(api), writer_(std::move(writer)) {}
  Result<http::Response> send(const http::Request& request, const http::SendLimits& limits,
                              std::stop_token stop) override;
  Result<http::Response> stream(const http::Request& request, const http::StreamLimits& limits,
                                const http::OnData& on_data, std::stop_token stop) override;

 private:
  SimulatedApi& api_;
  Writer writer_;
};

}  // namespace patchwave::simulation
