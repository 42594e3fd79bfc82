# Every library this project stands on, one imported target each. The names are what layers.cmake admits.
# All come from Debian's packages; `./dev build` installs them.

find_package(Threads REQUIRED)
find_package(OpenSSL 3 REQUIRED)
find_package(Boost 1.74 REQUIRED)
find_package(nlohmann_json 3.11 REQUIRED)
find_package(fmt 9 REQUIRED)
find_package(simdjson REQUIRED)
find_package(yaml-cpp REQUIRED)
find_package(prometheus-cpp CONFIG REQUIRED)
find_package(CLI11 REQUIRED)
find_package(ZLIB REQUIRED)

function(patchwave_imported name library)
  find_library(${name}_library ${library} REQUIRED)
  add_library(${name} INTERFACE IMPORTED GLOBAL)
  target_link_libraries(${name} INTERFACE ${${name}_library} ${ARGN})
endfunction()

patchwave_imported(cpprest cpprest boost_system OpenSSL::SSL OpenSSL::Crypto)
patchwave_imported(cctz cctz)
patchwave_imported(re2 re2)
patchwave_imported(yaml yaml-cpp)

add_library(boost_headers INTERFACE IMPORTED GLOBAL)
target_include_directories(boost_headers SYSTEM INTERFACE ${Boost_INCLUDE_DIRS})
