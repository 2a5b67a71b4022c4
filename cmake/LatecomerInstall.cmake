# A tree that runs from anywhere on a Debian 12 without the development packages:
#   bin/latecomer  lib/latecomer/*.so.*  libexec/latecomer/duckdb  share/latecomer/{examples,LICENSE,…}
# Left to the system are the C and C++ runtimes: Arrow's libraries share them with the program.
if(NOT TARGET latecomer)
  return()
endif()
# In the build tree a link stands where the libraries will. With a path of its own there CMake would add an empty entry
# to it, and so have libraries looked for in the folder a user stands in.
set_target_properties(latecomer PROPERTIES BUILD_WITH_INSTALL_RPATH ON INSTALL_RPATH "$ORIGIN/../lib/latecomer")
# The old kind of path also holds for what the libraries need in turn: libcurl names no path of its own.
target_link_options(latecomer PRIVATE -Wl,--disable-new-dtags)
get_target_property(latecomer_folder latecomer BINARY_DIR)
file(MAKE_DIRECTORY ${latecomer_folder}/../lib)
file(CREATE_LINK ${LATECOMER_DEPS}/arrow/lib ${latecomer_folder}/../lib/latecomer SYMBOLIC)
install(TARGETS latecomer
  RUNTIME_DEPENDENCY_SET latecomer_libraries
  RUNTIME DESTINATION bin)
# Those that the program loads itself, under the names it knows, and what they need.
get_property(lazy_libraries GLOBAL PROPERTY LATECOMER_LAZY_LIBRARIES)
install(IMPORTED_RUNTIME_ARTIFACTS ${lazy_libraries}
  RUNTIME_DEPENDENCY_SET latecomer_libraries
  LIBRARY DESTINATION lib/latecomer)
foreach(library IN LISTS lazy_libraries)
  get_target_property(location ${library} IMPORTED_LOCATION)
  get_target_property(soname ${library} IMPORTED_SONAME)
  get_filename_component(file ${location} NAME)
  if(NOT file STREQUAL soname)
    install(CODE "file(CREATE_LINK ${file}
      \"\$ENV{DESTDIR}\${CMAKE_INSTALL_PREFIX}/lib/latecomer/${soname}\" SYMBOLIC)")
  endif()
endforeach()
install(RUNTIME_DEPENDENCY_SET latecomer_libraries
  PRE_EXCLUDE_REGEXES "^ld-linux.*" "^lib(c|m|dl|rt|pthread|resolv|gcc_s|stdc\\+\\+|asan|ubsan|tsan)\\.so.*"
  DIRECTORIES ${LATECOMER_DEPS}/arrow/lib
  LIBRARY DESTINATION lib/latecomer)
install(PROGRAMS ${LATECOMER_DUCKDB} DESTINATION libexec/latecomer)
install(DIRECTORY examples DESTINATION share/latecomer OPTIONAL)
install(FILES LICENSE NOTICE README.md DESTINATION share/latecomer OPTIONAL)
# Stripping halves Arrow's libraries; `cmake --install … --strip` does the same to the program.
if(CMAKE_STRIP)
  install(CODE "
    file(GLOB libraries \"\$ENV{DESTDIR}\${CMAKE_INSTALL_PREFIX}/lib/latecomer/*.so*\")
    execute_process(COMMAND ${CMAKE_STRIP} --strip-unneeded \${libraries} COMMAND_ERROR_IS_FATAL ANY)")
endif()
