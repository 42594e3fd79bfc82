// What the server makes of a peer's bytes once Beast has read them, and what it says to them. Included by the
// server only: it is a slow header.
#pragma once

#include <boost/beast/http.hpp>
#include <map>
#include <optional>
#include <string>

#include "operator/http/server.hpp"

namespace patchwave::http {

using Routes = std::map<std::string, Handler, std::less<>>;
using BeastResponse = boost::beast::http::response<boost::beast::http::string_body>;

/// Of a header that comes twice, the last counts.
Request to_request(const boost::beast::http::request_header<>& header);
/// The route's reply to GET and HEAD; 405, 404 and, for a handler that throws, 500.
Reply answer(const Routes& routes, const Request& request);
/// The reply to a request that could not be read, where one is due.
std::optional<int> status_for(const boost::system::error_code& error);
/// `head`: the body is only told of.
BeastResponse to_response(Reply reply, bool head, bool keep_alive);

}  // namespace patchwave::http
