#include "operator/runtime/allocator.hpp"

#include <malloc.h>

namespace patchwave::runtime {
namespace {

/// glibc's default, which it raises by itself with the size of what is freed unless it is set.
constexpr int kTrimThreshold = 128 * 1024;  // bytes

}  // namespace

void share_one_heap() {
  ::mallopt(M_ARENA_MAX, 1);
  ::mallopt(M_TRIM_THRESHOLD, kTrimThreshold);
}

}  // namespace patchwave::runtime
