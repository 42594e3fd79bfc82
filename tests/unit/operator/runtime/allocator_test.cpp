#include "operator/runtime/allocator.hpp"

#include <gtest/gtest.h>
#include <malloc.h>

#include <cstdio>
#include <cstdlib>
#include <latch>
#include <string>
#include <thread>
#include <vector>

namespace patchwave::runtime {
namespace {

std::size_t heaps() {
  char* text = nullptr;
  std::size_t size = 0;
  std::FILE* out = ::open_memstream(&text, &size);
  ::malloc_info(0, out);
  std::fclose(out);
  const std::string report(text, size);
  std::free(text);
  std::size_t count = 0;
  for (auto at = report.find("<heap nr="); at != std::string::npos; at = report.find("<heap nr=", at + 1)) {
    ++count;
  }
  return count;
}

// In a process of its own: heaps that exist can't be taken back.
void allocate_on_four_threads() {
  share_one_heap();
  std::latch together(4);
  {
    std::vector<std::jthread> threads;
    for (int i = 0; i < 4; ++i) {
      threads.emplace_back([&together] {
        const std::vector<std::string> texts(1000, std::string(100, 'x'));
        together.arrive_and_wait();
      });
    }
  }
  std::_Exit(heaps() == 1 ? 0 : 1);
}

TEST(TheAllocator, ServesAllThreadsFromOneHeap) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  EXPECT_EXIT(allocate_on_four_threads(), testing::ExitedWithCode(0), "");
}

}  // namespace
}  // namespace patchwave::runtime
