#include "operator/cli/files.hpp"

#include <algorithm>
#include <fstream>
#include <istream>

#include "controllers/intel/gzip.hpp"

namespace patchwave::cli {
namespace {

constexpr std::size_t kLargestFile = std::size_t{1} << 30U;

Result<std::string> read_all(std::istream& in) {
  std::string bytes;
  constexpr std::size_t kPiece = std::size_t{1} << 20U;
  while (in && bytes.size() <= kLargestFile) {
    const std::size_t size = bytes.size();
    bytes.resize(size + kPiece);
    in.read(bytes.data() + size, kPiece);
    bytes.resize(size + static_cast<std::size_t>(in.gcount()));
  }
  if (in.bad()) return fail(ErrorKind::Unavailable, "it can't be read to its end");
  return intel::decompress(std::move(bytes), kLargestFile);
}

}  // namespace

Result<void> check_standard_input(const std::vector<std::string>& paths) {
  if (std::ranges::count(paths, "-") <= 1) return {};
  return fail(ErrorKind::Invalid, "only one file can be -, standard input");
}

Result<std::string> read_file(Environment& environment, const std::string& path) {
  if (path == "-") return read_all(environment.in);
  std::ifstream file(path, std::ios::binary);
  if (!file) return fail(ErrorKind::NotFound, "it can't be opened");
  return read_all(file);
}

}  // namespace patchwave::cli
