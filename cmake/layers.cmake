# Which folder may use which. A folder is one library; the table below is the whole architecture.
#
# A source that includes a header of a folder outside its row, directly or by way of a folder it uses,
# stops the configuration with a sentence that names both. So the pure folders (plan, judge, risk,
# learn and the decisions in target) can't reach a client, a clock or a socket even by accident.
#
# Rows read: patchwave_layer(<folder> USES <folders> LIBRARIES <imported targets>).

function(patchwave_layer folder)
  cmake_parse_arguments(LAYER "" "" "USES;LIBRARIES" ${ARGN})
  string(REPLACE "/" "_" name ${folder})
  set_property(GLOBAL APPEND PROPERTY PATCHWAVE_LAYERS ${folder})
  set_property(GLOBAL PROPERTY PATCHWAVE_USES_${name} ${LAYER_USES})

  set(reachable ${folder})
  foreach(used IN LISTS LAYER_USES)
    string(REPLACE "/" "_" used_name ${used})
    get_property(known GLOBAL PROPERTY PATCHWAVE_REACHABLE_${used_name})
    if(NOT known)
      message(FATAL_ERROR "cmake/layers.cmake: ${folder} uses ${used}, which has no row above it")
    endif()
    list(APPEND reachable ${known})
  endforeach()
  list(REMOVE_DUPLICATES reachable)
  set_property(GLOBAL PROPERTY PATCHWAVE_REACHABLE_${name} ${reachable})

  file(GLOB sources CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/${folder}/*.cpp)
  file(GLOB headers CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/${folder}/*.hpp)
  list(FILTER sources EXCLUDE REGEX "/main\\.cpp$")
  foreach(source IN LISTS sources headers)
    patchwave_check_includes(${source} ${folder} "${reachable}")
  endforeach()

  set(target patchwave_${name})
  if(sources)
    add_library(${target} STATIC ${sources})
    set(scope PUBLIC)
  else()
    add_library(${target} INTERFACE)
    set(scope INTERFACE)
  endif()
  target_link_libraries(${target} ${scope} patchwave_options ${LAYER_LIBRARIES})
  foreach(used IN LISTS LAYER_USES)
    string(REPLACE "/" "_" used_name ${used})
    target_link_libraries(${target} ${scope} patchwave_${used_name})
  endforeach()
endfunction()

function(patchwave_check_includes source folder reachable)
  set_property(DIRECTORY ${PROJECT_SOURCE_DIR} APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${source})
  file(STRINGS ${source} includes REGEX "^#include \"(operator|controllers)/")
  foreach(line IN LISTS includes)
    string(REGEX REPLACE "^#include \"([^\"]+)/[^/\"]+\".*" "\\1" included ${line})
    if(NOT included IN_LIST reachable)
      file(RELATIVE_PATH shown ${PROJECT_SOURCE_DIR} ${source})
      message(FATAL_ERROR
        "${shown} includes a header of ${included}, which ${folder} may not use (cmake/layers.cmake)")
    endif()
  endforeach()
endfunction()

# The two programs. Each main.cpp is wiring only.
function(patchwave_executables)
  add_executable(patchwave ${PROJECT_SOURCE_DIR}/operator/main.cpp)
  target_link_libraries(patchwave PRIVATE patchwave_operator_process)
  add_executable(kubectl-patchwave ${PROJECT_SOURCE_DIR}/operator/cli/main.cpp)
  target_link_libraries(kubectl-patchwave PRIVATE patchwave_operator_cli)
  set_target_properties(patchwave kubectl-patchwave PROPERTIES
    RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/bin)
endfunction()
