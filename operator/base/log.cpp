#include "operator/base/log.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include "operator/base/time.hpp"

namespace patchwave {

Result<LogLevel> parse_log_level(std::string_view text) {
  for (const auto level : {LogLevel::Debug, LogLevel::Info, LogLevel::Warning, LogLevel::Error}) {
    if (text == to_string(level)) return level;
  }
  return fail(ErrorKind::Invalid,
              fmt::format("'{}' is not a log level; it must be debug, info, warning or error", text));
}

std::string_view to_string(LogLevel level) {
  switch (level) {
    case LogLevel::Debug:
      return "debug";
    case LogLevel::Info:
      return "info";
    case LogLevel::Warning:
      return "warning";
    case LogLevel::Error:
      return "error";
  }
  return "info";
}

Log::Log(const Clock& clock, LogLevel level, Sink sink)
    : clock_(clock), level_(level), sink_(std::move(sink)) {}

Log::Sink Log::standard_error() {
  return [](std::string_view line) {
    std::string whole(line);
    whole += '\n';
    // One write a line: lines of several processes that share the stream don't mix.
    [[maybe_unused]] const auto written = ::write(STDERR_FILENO, whole.data(), whole.size());
  };
}

void Log::write(LogLevel level, std::string_view message, const Json& fields) {
  if (!enabled(level)) return;
  nlohmann::ordered_json line = {
      {"time", format_micro_time(clock_.now())}, {"level", to_string(level)}, {"message", message}};
  for (const auto& [key, value] : fields.items()) line[key] = value;
  const std::string text = line.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
  const std::scoped_lock lock(mutex_);
  sink_(text);
}

}  // namespace patchwave
