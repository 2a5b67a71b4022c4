# Warnings, sanitizers, and how the binary finds the libraries that come with it.
add_library(latecomer_flags INTERFACE)
target_compile_options(latecomer_flags INTERFACE
  -Wall -Wextra -Wpedantic -Wnon-virtual-dtor -Woverloaded-virtual)
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  # GCC 12 sees uninitialised memory and overlapping copies in inlined std::string and std::optional code.
  target_compile_options(latecomer_flags INTERFACE -Wno-maybe-uninitialized -Wno-restrict -Wno-missing-field-initializers)
else()
  target_compile_options(latecomer_flags INTERFACE -Wno-missing-field-initializers)
endif()
if(LATECOMER_WERROR)
  target_compile_options(latecomer_flags INTERFACE -Werror)
endif()
if(LATECOMER_SANITIZE)
  target_compile_options(latecomer_flags INTERFACE -fsanitize=${LATECOMER_SANITIZE} -fno-sanitize-recover=all
    -fno-omit-frame-pointer)
  target_link_options(latecomer_flags INTERFACE -fsanitize=${LATECOMER_SANITIZE})
endif()
target_include_directories(latecomer_flags INTERFACE ${CMAKE_CURRENT_SOURCE_DIR}/src)
target_compile_definitions(latecomer_flags INTERFACE LATECOMER_VERSION="${PROJECT_VERSION}")

# Tests run optimised code, with its assertions.
if(NOT CMAKE_BUILD_TYPE)
  set(CMAKE_BUILD_TYPE RelWithDebInfo CACHE STRING "" FORCE)
endif()
set(CMAKE_CXX_FLAGS_RELWITHDEBINFO "-O2 -g1")
# With sanitizers, GCC takes 2.8 times as long for -O2 as without, and 1.25 times for -Og.
if(LATECOMER_SANITIZE)
  set(CMAKE_CXX_FLAGS_RELWITHDEBINFO "-Og -g1")
endif()
set(CMAKE_CXX_FLAGS_RELEASE "-O2 -DNDEBUG")
