# A tree that runs from anywhere: bin/latecomer, lib/latecomer/*.so, libexec/latecomer/duckdb, share/latecomer.
if(NOT TARGET latecomer)
  return()
endif()
set_target_properties(latecomer PROPERTIES
  INSTALL_RPATH "$ORIGIN/../lib/latecomer"
  BUILD_RPATH "${LATECOMER_DEPS}/arrow/lib")
install(TARGETS latecomer RUNTIME DESTINATION bin)
if(LATECOMER_ARROW_BUNDLED)
  install(DIRECTORY ${LATECOMER_DEPS}/arrow/lib/ DESTINATION lib/latecomer FILES_MATCHING PATTERN "*.so.*"
    PERMISSIONS OWNER_READ OWNER_WRITE OWNER_EXECUTE GROUP_READ GROUP_EXECUTE WORLD_READ WORLD_EXECUTE)
endif()
install(PROGRAMS ${LATECOMER_DUCKDB} DESTINATION libexec/latecomer)
install(DIRECTORY examples DESTINATION share/latecomer)
install(FILES LICENSE README.md DESTINATION share/latecomer)
