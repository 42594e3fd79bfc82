// The seam between a simulation and what it tests: the simulation makes an operator, feeds its caches, and
// lets it work one due key at a time. A crash destroys it; whatever it had in memory is gone.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>

#include "operator/base/clock.hpp"
#include "operator/base/result.hpp"
#include "operator/http/transport.hpp"
#include "operator/kube/resource.hpp"
#include "operator/kube/watch_sink.hpp"

namespace patchwave::simulation {

/// What one life of the operator is given. All of it outlives the operator.
struct Surroundings {
  std::shared_ptr<http::Transport> kubernetes;
  std::shared_ptr<http::Transport> prometheus;
  /// The registry: the digest of repository and tag.
  std::function<Result<std::string>(const std::string& repository, const std::string& tag)> resolve;
  const Clock& clock;          ///< The operator's own, which may be wrong.
  std::stop_token leadership;  ///< Stops when the lease is lost: no write may leave from then on.
  /// Lets virtual time pass within a call, for pauses between retries.
  std::function<void(milliseconds)> sleep;
  std::string operator_namespace;
};

class OperatorUnderTest {
 public:
  virtual ~OperatorUnderTest() = default;
  /// The cache of a kind; nullptr when the operator does not watch it.
  virtual kube::WatchSink* cache_of(const kube::Resource& resource) = 0;
  /// Works on one due key. False when none was due.
  virtual bool step() = 0;
  /// When step() has something to do next; nullopt when nothing is wanted.
  virtual std::optional<MonotonicTime> next_due() = 0;
};

using MakeOperator = std::function<std::unique_ptr<OperatorUnderTest>(const Surroundings&)>;

}  // namespace patchwave::simulation
