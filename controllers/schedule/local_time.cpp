#include "controllers/schedule/local_time.hpp"

namespace patchwave::schedule {
namespace {

std::string format(const char* pattern, const cctz::time_zone& zone, Time time) {
  return cctz::format(pattern, std::chrono::floor<seconds>(time), zone);
}

}  // namespace

std::string format_offset_time(const cctz::time_zone& zone, Time time) {
  return format("%Y-%m-%dT%H:%M:%S%Ez", zone, time);
}

std::string format_local_time(const cctz::time_zone& zone, Time time) {
  return format("%a %Y-%m-%d %H:%M", zone, time);
}

}  // namespace patchwave::schedule
