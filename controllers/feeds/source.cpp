#include "controllers/feeds/source.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fstream>

#include "operator/http/url.hpp"

namespace patchwave::feeds {
namespace {

constexpr int kMostRedirects = 5;

std::string header(const http::Response& response, std::string_view name) {
  const auto found = response.headers.find(name);
  return found == response.headers.end() ? "" : found->second;
}

bool is_redirect(int status) {
  return status == 301 || status == 302 || status == 303 || status == 307 || status == 308;
}

ErrorKind kind_of(int status) {
  if (status == 401) return ErrorKind::Unauthorized;
  if (status == 403) return ErrorKind::Forbidden;
  if (status == 404 || status == 410) return ErrorKind::NotFound;
  if (status == 429) return ErrorKind::TooManyRequests;
  return status / 100 == 5 ? ErrorKind::Unavailable : ErrorKind::Protocol;
}

http::Request request_for(const http::Url& url, const Validators& known) {
  http::Request request{"GET", url.target, {}, ""};
  request.headers["User-Agent"] = "patchwave";
  // What is packed stays so: the checksum is of the file that was published.
  request.headers["Accept-Encoding"] = "identity";
  if (!known.etag.empty()) request.headers["If-None-Match"] = known.etag;
  if (!known.last_modified.empty()) request.headers["If-Modified-Since"] = known.last_modified;
  return request;
}

/// Without the query, which may hold somebody's key.
std::string shown(const http::Url& url) {
  return url.origin() + url.target.substr(0, url.target.find('?'));
}

/// Where a redirect leads, from absolute URLs and absolute paths.
Result<http::Url> redirected(const http::Url& from, const std::string& location) {
  auto to = location.starts_with('/') && !location.starts_with("//")
                ? http::parse_url(from.origin() + location)
                : http::parse_url(location);
  if (!to) return fail(to.error().within("redirected"));
  if (from.scheme == "https" && to->scheme != "https")
    return fail(ErrorKind::Protocol, "redirected from https to http, which is not followed");
  return to;
}

Result<Fetched> read_file(const std::string& path, std::size_t most) {
  std::ifstream file(path, std::ios::binary);
  if (!file) return fail(ErrorKind::NotFound, fmt::format("reading {}: {}", path, std::strerror(errno)));
  std::string bytes;
  constexpr std::size_t kPiece = 1024 * 1024;
  while (file && bytes.size() <= most) {
    const std::size_t had = bytes.size();
    bytes.resize(had + kPiece);
    file.read(bytes.data() + had, static_cast<std::streamsize>(kPiece));
    bytes.resize(had + static_cast<std::size_t>(file.gcount()));
  }
  if (!file.eof() && bytes.size() <= most) return fail(ErrorKind::Invalid, path + " can't be read");
  if (bytes.size() > most) return fail(ErrorKind::TooLarge, fmt::format("{} is over {} bytes", path, most));
  return Fetched{std::move(bytes), {}};
}

}  // namespace

Result<std::optional<Fetched>> Source::fetch(const Location& from, const Validators& known,
                                             const Limits& limits, std::stop_token stop) {
  if (from.url.empty()) {
    auto read = read_file(from.file, limits.size);
    if (!read) return fail(std::move(read.error()));
    return std::optional(std::move(*read));
  }
  return get(from, known, limits, stop);
}

Result<std::optional<Fetched>> Source::get(const Location& from, const Validators& known,
                                           const Limits& limits, const std::stop_token& stop) {
  const MonotonicTime until = clock_.monotonic() + limits.time;
  auto url = http::parse_url(from.url);
  if (!url) return fail(std::move(url.error()));
  for (int redirects = 0; redirects <= kMostRedirects; ++redirects) {
    const auto left = std::chrono::floor<milliseconds>(until - clock_.monotonic());
    if (left <= milliseconds(0)) break;
    auto response =
        transport(url->origin(), from.ca_file)->send(request_for(*url, known), {left, limits.size}, stop);
    if (!response) return fail(std::move(response.error()));
    if (response->status == 304) return std::optional<Fetched>();
    if (response->status == 200) {
      const Validators validators{header(*response, "ETag"), header(*response, "Last-Modified")};
      return std::optional(Fetched{std::move(response->body), validators});
    }
    if (!is_redirect(response->status)) {
      return fail(Error{kind_of(response->status),
                        fmt::format("GET {} answered {}", shown(*url), response->status),
                        response->status,
                        http::retry_after(response->headers),
                        {}});
    }
    auto to = redirected(*url, header(*response, "Location"));
    if (!to) return fail(to.error().within("GET " + shown(*url)));
    url = std::move(to);
  }
  return fail(ErrorKind::Timeout, fmt::format("GET {}: no answer within {} ms and {} redirects", shown(*url),
                                              limits.time.count(), kMostRedirects));
}

std::shared_ptr<http::Transport> Source::transport(const std::string& origin, const std::string& ca_file) {
  const std::scoped_lock lock(mutex_);
  auto& known = transports_[{origin, ca_file}];
  if (!known) known = make_transport_(origin, ca_file);
  return known;
}

}  // namespace patchwave::feeds
