# One library and one test program for each folder of src/. What a folder links is what src/layers.txt lets it include.

# Sets LATECOMER_FOLDERS and, for each folder, LATECOMER_LAYER_<folder>.
function(latecomer_read_layers file)
  set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${file})
  file(STRINGS ${file} lines)
  foreach(line IN LISTS lines)
    if(line MATCHES "^([a-z_]+):(.*)$")
      set(folder ${CMAKE_MATCH_1})
      string(STRIP "${CMAKE_MATCH_2}" uses)
      string(REPLACE " " ";" uses "${uses}")
      list(APPEND folders ${folder})
      set(LATECOMER_LAYER_${folder} "${uses}" PARENT_SCOPE)
    endif()
  endforeach()
  set(LATECOMER_FOLDERS ${folders} PARENT_SCOPE)
endfunction()

# latecomer_library(<folder> SOURCES a.cc … THIRD_PARTY arrow …): target latecomer_<folder>.
function(latecomer_library folder)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "" "SOURCES;THIRD_PARTY")
  set(scope PUBLIC)
  if(arg_SOURCES)
    add_library(latecomer_${folder} STATIC ${arg_SOURCES})
  else()
    add_library(latecomer_${folder} INTERFACE)
    set(scope INTERFACE)
  endif()
  target_link_libraries(latecomer_${folder} ${scope} latecomer_flags third_party::expected)
  foreach(used IN LISTS LATECOMER_LAYER_${folder})
    if(EXISTS ${CMAKE_SOURCE_DIR}/src/${used}/CMakeLists.txt)
      target_link_libraries(latecomer_${folder} ${scope} latecomer_${used})
    endif()
  endforeach()
  foreach(library IN LISTS arg_THIRD_PARTY)
    target_link_libraries(latecomer_${folder} ${scope} third_party::${library})
  endforeach()
endfunction()

# Where tests find the address of the PostgreSQL server that they share (tests/services).
set(LATECOMER_TEST_POSTGRES ${CMAKE_BINARY_DIR}/postgres.url)

# latecomer_test(<folder> SOURCES a_test.cc … [DEPS latecomer_x …] [THIRD_PARTY …]): program <folder>_test, one ctest
# entry for each test case in it. Those whose names begin with OnPostgres get a server.
function(latecomer_test folder)
  if(NOT BUILD_TESTING)
    return()
  endif()
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "" "SOURCES;DEPS;THIRD_PARTY")
  add_executable(${folder}_test ${arg_SOURCES})
  target_link_libraries(${folder}_test PRIVATE latecomer_${folder} third_party::gtest Threads::Threads)
  if(NOT folder STREQUAL testing AND EXISTS ${CMAKE_SOURCE_DIR}/src/testing/CMakeLists.txt)
    target_link_libraries(${folder}_test PRIVATE latecomer_testing)
  endif()
  foreach(library IN LISTS arg_THIRD_PARTY)
    target_link_libraries(${folder}_test PRIVATE third_party::${library})
  endforeach()
  target_link_libraries(${folder}_test PRIVATE ${arg_DEPS})
  # GoogleTest's macros end in an else of their own.
  target_compile_options(${folder}_test PRIVATE -Wno-dangling-else -Wno-deprecated-declarations)
  # Only files that name them get the paths: what doesn't know where the clone lies is compiled once for all clones.
  foreach(source IN LISTS arg_SOURCES)
    file(STRINGS ${CMAKE_CURRENT_SOURCE_DIR}/${source} naming_paths REGEX "LATECOMER_(SOURCE_DIR|DUCKDB_DEFAULT)" LIMIT_COUNT 1)
    if(naming_paths)
      set_property(SOURCE ${source} APPEND PROPERTY COMPILE_DEFINITIONS
        LATECOMER_DUCKDB_DEFAULT="${LATECOMER_DUCKDB}" LATECOMER_SOURCE_DIR="${CMAKE_SOURCE_DIR}")
    endif()
  endforeach()
  include(GoogleTest)
  gtest_discover_tests(${folder}_test TEST_PREFIX ${folder}. DISCOVERY_MODE PRE_TEST TEST_FILTER -OnPostgres*
    PROPERTIES TIMEOUT 300 DISCOVERY_TIMEOUT 60)
  file(STRINGS ${CMAKE_CURRENT_SOURCE_DIR}/CMakeLists.txt has_postgres REGEX "postgres_.*_test\\.cc" LIMIT_COUNT 1)
  if(has_postgres)
    gtest_discover_tests(${folder}_test TEST_PREFIX ${folder}. DISCOVERY_MODE PRE_TEST TEST_FILTER OnPostgres*
      DISCOVERY_TIMEOUT 60 PROPERTIES TIMEOUT 300 FIXTURES_REQUIRED postgres
      ENVIRONMENT LATECOMER_TEST_POSTGRES=${LATECOMER_TEST_POSTGRES})
  endif()
endfunction()
