// The way to a real API server.
#pragma once

#include "operator/cli/environment.hpp"

namespace patchwave::cli {

/// `clock` must outlive the session.
Result<Session> connect(const ConnectOptions& options, const Clock& clock);

}  // namespace patchwave::cli
