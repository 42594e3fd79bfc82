#include "controllers/intel/gzip.hpp"

#include <fmt/format.h>
#include <zlib.h>

#include <algorithm>
#include <limits>

namespace patchwave::intel {
namespace {

constexpr std::string_view kMagic = "\x1f\x8b";
constexpr int kLargestWindow = 15;
constexpr int kExpectGzip = 16;
constexpr std::size_t kLeastRoom = 64 * 1024;

class Inflater {
 public:
  Inflater() : ready_(inflateInit2(&stream_, kLargestWindow + kExpectGzip) == Z_OK) {}
  ~Inflater() {
    if (ready_) inflateEnd(&stream_);
  }
  Inflater(const Inflater&) = delete;
  Inflater& operator=(const Inflater&) = delete;

  Result<std::string> run(std::string& bytes, std::size_t limit) {
    if (!ready_) return fail(ErrorKind::Internal, "gzip: zlib has no memory");
    if (bytes.size() > std::numeric_limits<uInt>::max())
      return fail(ErrorKind::TooLarge, "gzip: the archive is over 4 GiB");
    stream_.next_in = reinterpret_cast<Bytef*>(bytes.data());
    stream_.avail_in = static_cast<uInt>(bytes.size());
    std::string text;
    std::size_t size = 0;
    while (true) {
      if (text.size() - size < kLeastRoom) text.resize(std::max(2 * text.size(), 4 * kLeastRoom));
      const auto room = static_cast<uInt>(std::min<std::size_t>(text.size() - size, 1U << 30U));
      stream_.next_out = reinterpret_cast<Bytef*>(text.data() + size);
      stream_.avail_out = room;
      const int status = inflate(&stream_, Z_NO_FLUSH);
      size += room - stream_.avail_out;
      if (size > limit)
        return fail(ErrorKind::TooLarge, fmt::format("gzip: more than {} bytes unpacked", limit));
      if (status == Z_STREAM_END) {
        if (stream_.avail_in == 0) break;
        if (inflateReset(&stream_) != Z_OK) return fail(ErrorKind::Internal, "gzip: zlib can't begin again");
      } else if (status != Z_OK) {
        const char* why = stream_.msg != nullptr ? stream_.msg : "the archive is cut off";
        return fail(ErrorKind::Invalid, fmt::format("gzip: {}", why));
      }
    }
    text.resize(size);
    return text;
  }

 private:
  z_stream stream_{};
  bool ready_;
};

}  // namespace

Result<std::string> decompress(std::string bytes, std::size_t limit) {
  if (bytes.starts_with(kMagic)) return Inflater().run(bytes, limit);
  if (bytes.size() > limit) return fail(ErrorKind::TooLarge, fmt::format("more than {} bytes", limit));
  return bytes;
}

}  // namespace patchwave::intel
