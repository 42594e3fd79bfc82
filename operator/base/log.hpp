// Structured logs: one JSON object a line, so that a collector needs no pattern.
//
//   log.info("wave started", {{"wave", "shop/web-1.4.3-canary"}, {"targets", 3}});
//
// Never hand over a credential, a Secret's content or a whole request: there is no redaction here.
#pragma once

#include <functional>
#include <mutex>
#include <string>
#include <string_view>

#include "operator/base/clock.hpp"
#include "operator/base/json.hpp"

namespace patchwave {

enum class LogLevel : std::uint8_t { Debug, Info, Warning, Error };

Result<LogLevel> parse_log_level(std::string_view text);
std::string_view to_string(LogLevel level);

class Log {
 public:
  using Sink = std::function<void(std::string_view line)>;

  /// `sink` gets one line without its newline; calls to it never overlap.
  Log(const Clock& clock, LogLevel level, Sink sink);
  /// Lines to standard error.
  static Sink standard_error();

  void debug(std::string_view message, const Json& fields = Json::object()) {
    write(LogLevel::Debug, message, fields);
  }
  void info(std::string_view message, const Json& fields = Json::object()) {
    write(LogLevel::Info, message, fields);
  }
  void warning(std::string_view message, const Json& fields = Json::object()) {
    write(LogLevel::Warning, message, fields);
  }
  void error(std::string_view message, const Json& fields = Json::object()) {
    write(LogLevel::Error, message, fields);
  }

  [[nodiscard]] bool enabled(LogLevel level) const { return level >= level_; }

 private:
  void write(LogLevel level, std::string_view message, const Json& fields);

  const Clock& clock_;
  LogLevel level_;
  Sink sink_;
  std::mutex mutex_;
};

}  // namespace patchwave
