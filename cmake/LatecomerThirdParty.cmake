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
target_compile_definitions(third_party_simdjson INTERFACE
  $<TARGET_PROPERTY:simdjson::simdjson,INTERFACE_COMPILE_DEFINITIONS>)
# simdjson asserts its own steps, which costs a tenth of a scan; sanitized builds keep that.
if(NOT LATECOMER_SANITIZE)
  target_compile_definitions(third_party_simdjson INTERFACE NDEBUG)
endif()
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
  foreach(library arrow parquet)
    add_library(arrow_${library} SHARED IMPORTED)
    file(REAL_PATH ${LATECOMER_DEPS}/arrow/lib/lib${library}.so location)
    set_target_properties(arrow_${library} PROPERTIES IMPORTED_LOCATION ${location})
    target_include_directories(arrow_${library} SYSTEM INTERFACE ${LATECOMER_DEPS}/arrow/include)
  endforeach()
  latecomer_third_party(arrow third_party::simdjson arrow_parquet arrow_arrow)
  set(LATECOMER_ARROW_BUNDLED ON)
else()
  message(FATAL_ERROR "Arrow C++ is missing: run script/bootstrap first")
endif()

# latecomer_find_library(<variable> <name>): the static library where Debian has one, so that an installed program
# needs less beside it; what is shared is copied by the installation.
function(latecomer_find_library variable name)
  find_library(${variable} NAMES lib${name}.a ${name} REQUIRED)
  set(${variable} ${${variable}} PARENT_SCOPE)
endfunction()

latecomer_find_library(LATECOMER_SQLITE3 sqlite3)
set(SQLite3_LIBRARY ${LATECOMER_SQLITE3} CACHE FILEPATH "What SQLiteCpp links")
find_package(SQLiteCpp REQUIRED)
latecomer_third_party(sqlitecpp SQLiteCpp SQLite::SQLite3 Threads::Threads ${CMAKE_DL_LIBS} m)
# latecomer_lazy_library(<name> <file>): one that the program loads when it needs it (src/base/lazy_library.h). Nothing
# links it; an installed tree holds it.
function(latecomer_lazy_library name file)
  find_library(LATECOMER_LAZY_${name} ${file} REQUIRED)
  file(REAL_PATH ${LATECOMER_LAZY_${name}} location)
  add_library(lazy_${name} SHARED IMPORTED GLOBAL)
  set_target_properties(lazy_${name} PROPERTIES IMPORTED_LOCATION ${location} IMPORTED_SONAME ${file})
  set_property(GLOBAL APPEND PROPERTY LATECOMER_LAZY_LIBRARIES lazy_${name})
endfunction()
latecomer_third_party(loader ${CMAKE_DL_LIBS})
# libpq alone: CMake's own module for PostgreSQL wants the server's headers as well.
latecomer_lazy_library(pq libpq.so.5)
find_path(LATECOMER_PQ_INCLUDE libpq-fe.h PATH_SUFFIXES postgresql REQUIRED)
find_package(CLI11 REQUIRED)
latecomer_third_party(cli11 CLI11::CLI11)
find_package(fmt REQUIRED)
find_package(spdlog REQUIRED)
latecomer_third_party(spdlog spdlog::spdlog fmt::fmt)
find_package(nlohmann_json REQUIRED)
latecomer_third_party(nlohmann_json nlohmann_json::nlohmann_json)
latecomer_find_library(LATECOMER_YAML_CPP yaml-cpp)
latecomer_third_party(yaml_cpp ${LATECOMER_YAML_CPP})
find_package(tl-expected REQUIRED)
latecomer_third_party(expected tl::expected)
latecomer_find_library(LATECOMER_CCTZ cctz)
latecomer_third_party(cctz ${LATECOMER_CCTZ})
latecomer_find_library(LATECOMER_XXHASH xxhash)
latecomer_third_party(xxhash ${LATECOMER_XXHASH})
latecomer_find_library(LATECOMER_PNG png)
latecomer_find_library(LATECOMER_ZLIB z)
latecomer_third_party(png ${LATECOMER_PNG} ${LATECOMER_ZLIB} m)
# Beast and Asio are headers only; no other part of Boost is used.
find_package(Boost 1.81 REQUIRED)
# OpenSSL shared, because libcurl has it too, and one program must not hold two.
find_package(OpenSSL 3 REQUIRED)
latecomer_third_party(openssl OpenSSL::Crypto)
latecomer_third_party(beast Boost::headers OpenSSL::SSL OpenSSL::Crypto Threads::Threads)
latecomer_find_library(LATECOMER_SODIUM sodium)
latecomer_third_party(sodium ${LATECOMER_SODIUM} Threads::Threads)
find_package(CURL REQUIRED)
add_library(third_party_curl INTERFACE)
target_include_directories(third_party_curl SYSTEM INTERFACE ${CURL_INCLUDE_DIRS})
add_library(third_party::curl ALIAS third_party_curl)
latecomer_lazy_library(curl libcurl.so.4)
find_package(prometheus-cpp REQUIRED)
latecomer_third_party(prometheus prometheus-cpp::core)
if(LATECOMER_FAKES)
  find_package(GTest REQUIRED)
  latecomer_third_party(gtest GTest::gmock GTest::gtest GTest::gtest_main)
  latecomer_find_library(LATECOMER_RAPIDCHECK rapidcheck)
  latecomer_third_party(rapidcheck ${LATECOMER_RAPIDCHECK})
endif()

# Where a build tree finds the DuckDB program; an installed tree has its own.
set(LATECOMER_DUCKDB ${LATECOMER_DEPS}/duckdb/duckdb CACHE FILEPATH "The duckdb program for SQL steps")
