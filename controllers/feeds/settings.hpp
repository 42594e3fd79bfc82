// What an operator is told of a feed.
#pragma once

#include <string>

#include "controllers/feeds/source.hpp"
#include "controllers/intel/reading.hpp"

namespace patchwave::feeds {

struct FeedSettings {
  std::string name;  ///< In conditions and metrics; empty: the word of its kind.
  intel::FeedKind kind = intel::FeedKind::Epss;
  Location from;
  std::string sha256;       ///< Lower-case hexadecimal; empty: any.
  std::string sha256_from;  ///< URL or path of a file that begins with it, as sha256sum writes them.
  milliseconds interval{3'600'000};
  milliseconds timeout{60'000};
  milliseconds stale_after{7 * 24 * 3'600'000LL};
  std::size_t max_size = 64 * 1024 * 1024;  ///< Bytes, packed and unpacked.
  bool operator==(const FeedSettings&) const = default;

  [[nodiscard]] std::string shown_name() const {
    return name.empty() ? std::string(intel::to_string(kind)) : name;
  }
};

}  // namespace patchwave::feeds
