// Where a Prometheus is and how to be let in.
#pragma once

#include <functional>
#include <string>

#include "operator/prometheus/client.hpp"

namespace patchwave::prometheus {

/// Files are read again for each request, or each connection: whoever rotates one needs to tell nobody.
struct Access {
  std::string url;  ///< http:// or https://, maybe with a path before the API; no credentials, no query.
  std::string bearer_token_file;  ///< "": none.
  std::string ca_file;            ///< Trust only these; "": the system's roots.
  std::string username;           ///< Basic authentication, with password_file; "": none.
  std::string password_file;
};

/// What whoever gave the access calls its parts; for messages.
struct AccessNames {
  std::string url;
  std::string bearer_token_file;
  std::string ca_file;
  std::string username;
  std::string password_file;
};

using ReadFile = std::function<Result<std::string>(const std::string& file, std::size_t limit)>;

/// A transport and the way in, with the defaults for the rest. Invalid names the part that can't be used.
Result<ClientOptions> open_access(const Access& access, const AccessNames& names, const ReadFile& read_file);

}  // namespace patchwave::prometheus
