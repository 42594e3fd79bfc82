// The way to a real API server.
#pragma once

#include "operator/cli/environment.hpp"

namespace patchwave::cli {

/// `clock` must outlive the session.
Result<Session> connect(const ConnectOptions& options, const Clock& clock);

/// For both arms of a comparison; the errors name flags. A longer answer than a person can wait for is
/// refused.
Result<prometheus::Client> open_prometheus(const prometheus::Access& access, milliseconds timeout);

}  // namespace patchwave::cli
