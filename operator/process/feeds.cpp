#include "operator/process/feeds.hpp"

#include "operator/http/cpprest_transport.hpp"
#include "operator/kube/credentials.hpp"

namespace patchwave::process {
namespace {

// Certificate authorities are read for each connection: whoever rotates the file needs to tell nobody.
std::shared_ptr<http::Transport> transport_to(const std::string& origin, const std::string& ca_file) {
  return http::make_cpprest_transport(origin, [origin, ca_file]() -> Result<http::Endpoint> {
    http::Endpoint endpoint;
    endpoint.base_url = origin;
    if (ca_file.empty()) return endpoint;
    auto ca = kube::read_file(ca_file);
    if (!ca) return fail(ca.error().within("the feed's caFile"));
    endpoint.ca_pem = std::move(*ca);
    return endpoint;
  });
}

}  // namespace

Feeds::Feeds(const std::vector<feeds::FeedSettings>& settings, const Clock& clock, Log& log,
             runtime::Metrics& metrics)
    : source_(std::make_shared<feeds::Source>(transport_to, clock)) {
  if (settings.empty()) return;
  const auto fetch = [source = source_](const feeds::Location& from, const feeds::Validators& known,
                                        const feeds::Limits& limits, std::stop_token stop) {
    return source->fetch(from, known, limits, std::move(stop));
  };
  keeper_ = std::make_shared<feeds::FeedKeeper>(settings, fetch, risk::built_in_threat_model(), clock, log,
                                                metrics);
}

std::function<intel::FeedsSnapshot()> Feeds::reader() const {
  if (!keeper_) return {};
  return [keeper = keeper_] { return keeper->snapshot(); };
}

void Feeds::add_to(runtime::Manager& manager, std::function<void()> on_change) {
  if (!keeper_) return;
  keeper_->on_change(std::move(on_change));
  const auto start = [this]() -> Result<void> {
    thread_ = std::jthread([keeper = keeper_](const std::stop_token& stop) { keeper->run(stop); });
    return {};
  };
  const auto stop = [this] {
    thread_.request_stop();
    if (thread_.joinable()) thread_.join();
  };
  manager.add_server({"feeds", start, stop});
}

}  // namespace patchwave::process
