// The bytes of a feed, from where somebody publishes or mounts them.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string>
#include <utility>

#include "operator/base/result.hpp"
#include "operator/http/transport.hpp"

namespace patchwave::feeds {

struct Location {
  std::string url;      ///< "https://…"; or
  std::string file;     ///< a path.
  std::string ca_file;  ///< PEM, of `url`; empty: the system's certificate authorities.
  bool operator==(const Location&) const = default;
};

/// What a server said of a body, to ask it for a newer one.
struct Validators {
  std::string etag;
  std::string last_modified;
};

struct Limits {
  milliseconds time{60'000};            ///< For the whole of it, redirects included.
  std::size_t size = 64 * 1024 * 1024;  ///< Bytes.
};

struct Fetched {
  std::string bytes;
  Validators validators;
};

/// nullopt: nothing newer than `known`. Errors name where it was tried.
using Fetch = std::function<Result<std::optional<Fetched>>(const Location& from, const Validators& known,
                                                           const Limits& limits, std::stop_token stop)>;

/// An origin ("https://host:port") and the file of the authorities that are trusted there.
using MakeTransport =
    std::function<std::shared_ptr<http::Transport>(const std::string& origin, const std::string& ca_file)>;

/// Reads files and URLs. Up to five redirects are followed, never from https to http: a feed is asked for
/// without a credential, so none can reach another host. Thread-safe.
class Source {
 public:
  Source(MakeTransport make_transport, const Clock& clock)
      : make_transport_(std::move(make_transport)), clock_(clock) {}

  Result<std::optional<Fetched>> fetch(const Location& from, const Validators& known, const Limits& limits,
                                       std::stop_token stop);

 private:
  Result<std::optional<Fetched>> get(const Location& from, const Validators& known, const Limits& limits,
                                     const std::stop_token& stop);
  std::shared_ptr<http::Transport> transport(const std::string& origin, const std::string& ca_file);

  MakeTransport make_transport_;
  const Clock& clock_;
  std::mutex mutex_;
  std::map<std::pair<std::string, std::string>, std::shared_ptr<http::Transport>> transports_;
};

}  // namespace patchwave::feeds
