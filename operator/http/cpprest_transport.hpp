// The HTTP client of this program: Transport on cpprestsdk. That library is archived upstream, so nothing
// of it shows here, and what it does wrong is put right behind this header (see the .cpp).
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "operator/http/transport.hpp"

namespace patchwave::http {

/// Starts the network threads. Call it first in main, after signals are masked; only the first call counts.
/// Few threads are faster than many here, and OnData must not block any of them.
void initialize_http(int threads = 4);

std::shared_ptr<Transport> make_cpprest_transport(const Endpoint& endpoint);

/// `current` is asked before each new connection, on a network thread, so certificates that change on disk
/// take effect with the next connection. Its `base_url` is not read again. An error of it, or a PEM text
/// that can't be used, fails the calls that need the connection.
///
/// A base URL that can't be used makes every call Invalid. IPv6 literals are such: give a host name.
std::shared_ptr<Transport> make_cpprest_transport(const std::string& base_url,
                                                  std::function<Result<Endpoint>()> current);

}  // namespace patchwave::http
