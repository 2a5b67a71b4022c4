# Each library under one stable name, third_party::<name>, whatever way it was installed.
set(LATECOMER_DEPS ${CMAKE_CURRENT_SOURCE_DIR}/.deps CACHE PATH "What script/bootstrap unpacked")

find_package(Threads REQUIRED)

function(latecomer_third_party name)
  add_library(third_party_${name} INTERFACE)
  target_link_libraries(third_party_${name} INTERFACE ${ARGN})
  add_library(third_party::${name} ALIAS third_party_${name})
endfunction()

# libarrow and libparquet have a simdjson of their own inside. Ours is named before them, as an option and not as a
# library: CMake orders libraries as it likes, and the linker would drop this one for theirs, which nobody can reach.
find_package(simdjson REQUIRED)
add_library(third_party_simdjson INTERFACE)
target_include_directories(third_party_simdjson INTERFACE
  $<TARGET_PROPERTY:simdjson::simdjson,INTERFACE_INCLUDE_DIRECTORIES>)
target_link_options(third_party_simdjson INTERFACE
  "LINKER:--push-state,--no-as-needed" $<TARGET_FILE:simdjson::simdjson> "LINKER:--pop-state")
add_library(third_party::simdjson ALIAS third_party_simdjson)

# Arrow C++: a full installation where there is one, else the libraries of the pyarrow wheel.
find_package(Arrow 26 QUIET)
find_package(Parquet 26 QUIET)
if(Arrow_FOUND AND Parquet_FOUND)
  latecomer_third_party(arrow third_party::simdjson Arrow::arrow_shared Parquet::parquet_shared)
  set(LATECOMER_ARROW_BUNDLED OFF)
elseif(EXISTS ${LATECOMER_DEPS}/arrow/lib/libarrow.so)
  foreach(library arrow arrow_compute parquet)
    add_library(arrow_${library} SHARED IMPORTED)
    file(REAL_PATH ${LATECOMER_DEPS}/arrow/lib/lib${library}.so location)
    set_target_properties(arrow_${library} PROPERTIES IMPORTED_LOCATION ${location})
    target_include_directories(arrow_${library} SYSTEM INTERFACE ${LATECOMER_DEPS}/arrow/include)
  endforeach()
  latecomer_third_party(arrow third_party::simdjson arrow_parquet arrow_arrow_compute arrow_arrow)
  set(LATECOMER_ARROW_BUNDLED ON)
else()
  message(FATAL_ERROR "Arrow C++ is missing: run script/bootstrap first")
endif()

find_package(SQLiteCpp REQUIRED)
find_package(SQLite3 REQUIRED)
latecomer_third_party(sqlitecpp SQLiteCpp SQLite::SQLite3)
find_package(CLI11 REQUIRED)
latecomer_third_party(cli11 CLI11::CLI11)
find_package(fmt REQUIRED)
find_package(spdlog REQUIRED)
latecomer_third_party(spdlog spdlog::spdlog fmt::fmt)
find_package(nlohmann_json REQUIRED)
latecomer_third_party(nlohmann_json nlohmann_json::nlohmann_json)
find_package(yaml-cpp REQUIRED)
latecomer_third_party(yaml_cpp yaml-cpp)
find_package(tl-expected REQUIRED)
latecomer_third_party(expected tl::expected)
find_library(CCTZ_LIBRARY cctz REQUIRED)
latecomer_third_party(cctz ${CCTZ_LIBRARY})
find_library(XXHASH_LIBRARY xxhash REQUIRED)
latecomer_third_party(xxhash ${XXHASH_LIBRARY})
find_package(GTest REQUIRED)
latecomer_third_party(gtest GTest::gmock GTest::gtest GTest::gtest_main)
find_library(RAPIDCHECK_LIBRARY rapidcheck REQUIRED)
latecomer_third_party(rapidcheck ${RAPIDCHECK_LIBRARY})
find_package(ZLIB REQUIRED)
latecomer_third_party(zlib ZLIB::ZLIB)

# Where a build tree finds the DuckDB program; an installed tree has its own.
set(LATECOMER_DUCKDB ${LATECOMER_DEPS}/duckdb/duckdb CACHE FILEPATH "The duckdb program for SQL steps")
