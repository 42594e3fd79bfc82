# Warnings, hardening, caching and sanitizers: what holds for every target of this project.

set(PATCHWAVE_SANITIZE "" CACHE STRING "Sanitizers to build with: address (with undefined) or thread")
set_property(CACHE PATCHWAVE_SANITIZE PROPERTY STRINGS "" address thread)
if(PATCHWAVE_SANITIZE AND NOT PATCHWAVE_SANITIZE MATCHES "^(address|thread)$")
  message(FATAL_ERROR "PATCHWAVE_SANITIZE is '${PATCHWAVE_SANITIZE}'; it must be address, thread or empty")
endif()

# clang has libFuzzer, GCC has not; tests/fuzz runs its targets by a driver of its own otherwise.
option(PATCHWAVE_LIBFUZZER "Build what tests/fuzz needs for libFuzzer, with clang" OFF)

find_program(CCACHE ccache)
if(CCACHE)
  # Every checkout, and the image's build, finds what another has compiled: paths count relative to the build folder,
  # and messages, which ccache keeps too, are in one language.
  set(CMAKE_CXX_COMPILER_LAUNCHER
    ${CMAKE_COMMAND} -E env --unset=LC_ALL --unset=LC_CTYPE --unset=LC_MESSAGES LANG=C.UTF-8
    CCACHE_BASEDIR=${PROJECT_SOURCE_DIR} CCACHE_NOHASHDIR=1 ${CCACHE})
endif()
find_program(MOLD mold)

# -g1 keeps function names and lines in a crash report at a third of the size of full debug information.
set(CMAKE_CXX_FLAGS_RELEASE "-O2 -g1")
if(PATCHWAVE_SANITIZE)
  # Compiles sooner, and the checks cost more than the optimizer could save.
  set(CMAKE_CXX_FLAGS_RELEASE "-O1 -g1")
endif()

# What `patchwave version` and patchwave_build_info say; the image's build passes it in.
set(PATCHWAVE_REVISION "unknown" CACHE STRING "Commit that is built")

add_library(patchwave_options INTERFACE)
target_compile_options(patchwave_options INTERFACE
  -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wnon-virtual-dtor -Woverloaded-virtual -Werror
  -fstack-protector-strong -fstack-clash-protection)
target_compile_definitions(patchwave_options INTERFACE
  PATCHWAVE_VERSION="${PROJECT_VERSION}" PATCHWAVE_REVISION="${PATCHWAVE_REVISION}" _GLIBCXX_ASSERTIONS)
target_include_directories(patchwave_options INTERFACE ${PROJECT_SOURCE_DIR})
target_link_options(patchwave_options INTERFACE -Wl,-z,relro,-z,now)
if(MOLD)
  target_link_options(patchwave_options INTERFACE -fuse-ld=mold)
endif()
if(CMAKE_SYSTEM_PROCESSOR MATCHES "x86_64")
  target_compile_options(patchwave_options INTERFACE -fcf-protection=full)
endif()
if(PATCHWAVE_SANITIZE)
  set(sanitizers ${PATCHWAVE_SANITIZE})
  if(PATCHWAVE_SANITIZE STREQUAL "address")
    string(APPEND sanitizers ",undefined")
  else()
    # It warns of Boost.Asio's fences, which it can't see; what they order is also ordered by the scheduler's mutex.
    target_compile_options(patchwave_options INTERFACE -Wno-tsan)
  endif()
  target_compile_options(patchwave_options INTERFACE
    -fsanitize=${sanitizers} -fno-sanitize-recover=all -fno-omit-frame-pointer)
  target_link_options(patchwave_options INTERFACE -fsanitize=${sanitizers})
  # What sanitizers add keeps GCC 12 from seeing that the library's regular expressions are initialized.
  target_compile_options(patchwave_options INTERFACE -Wno-maybe-uninitialized)
else()
  target_compile_definitions(patchwave_options INTERFACE _FORTIFY_SOURCE=3)
endif()
if(PATCHWAVE_LIBFUZZER)
  # clang warns of other things than the compiler that the code is written for, and takes Boost 1.74 for older than
  # coroutines; tests/lint/tidy.py gives it the same flags.
  target_compile_options(patchwave_options INTERFACE -fsanitize=fuzzer-no-link
    -Wno-error -Wno-unknown-warning-option -Wno-deprecated-declarations
    -DBOOST_ASIO_HAS_CO_AWAIT=1 -DBOOST_ASIO_HAS_STD_COROUTINE=1)
endif()
