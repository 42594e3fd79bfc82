#include "operator/base/result.hpp"

#include <fmt/format.h>

namespace patchwave {

std::string_view to_string(ErrorKind kind) {
  switch (kind) {
    case ErrorKind::Invalid:
      return "Invalid";
    case ErrorKind::NotFound:
      return "NotFound";
    case ErrorKind::AlreadyExists:
      return "AlreadyExists";
    case ErrorKind::Conflict:
      return "Conflict";
    case ErrorKind::Gone:
      return "Gone";
    case ErrorKind::TooManyRequests:
      return "TooManyRequests";
    case ErrorKind::Unauthorized:
      return "Unauthorized";
    case ErrorKind::Forbidden:
      return "Forbidden";
    case ErrorKind::Unavailable:
      return "Unavailable";
    case ErrorKind::Timeout:
      return "Timeout";
    case ErrorKind::Cancelled:
      return "Cancelled";
    case ErrorKind::Transport:
      return "Transport";
    case ErrorKind::Protocol:
      return "Protocol";
    case ErrorKind::TooLarge:
      return "TooLarge";
    case ErrorKind::Internal:
      return "Internal";
  }
  return "Internal";
}

Error Error::within(std::string_view context) const {
  Error told = *this;
  told.message = fmt::format("{}: {}", context, message);
  return told;
}

bool is_transient(ErrorKind kind) {
  switch (kind) {
    case ErrorKind::TooManyRequests:
    case ErrorKind::Unavailable:
    case ErrorKind::Timeout:
    case ErrorKind::Transport:
    case ErrorKind::Conflict:
    case ErrorKind::Gone:
      return true;
    default:
      return false;
  }
}

bool effect_is_unknown(ErrorKind kind) {
  return kind == ErrorKind::Timeout || kind == ErrorKind::Cancelled || kind == ErrorKind::Transport;
}

}  // namespace patchwave
