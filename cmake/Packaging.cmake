# `uninstall`, the documentation that is installed, and the Debian package (cpack).
include(GNUInstallDirs)
set(CAFFE_PACKAGE caffe-channel-dropback)

install(FILES README.md CHANGELOG.md LICENSE TYPE DOC)
install(DIRECTORY docs/ TYPE DOC)
install(FILES LICENSE DESTINATION ${CMAKE_INSTALL_DATAROOTDIR}/doc/${CAFFE_PACKAGE} RENAME copyright)

add_custom_target(uninstall
  COMMAND ${CMAKE_COMMAND} -DMANIFEST=${PROJECT_BINARY_DIR}/install_manifest.txt
          -P ${PROJECT_SOURCE_DIR}/cmake/Uninstall.cmake
  COMMENT "Removing the files of the last installation")

set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_NAME ${CAFFE_PACKAGE})
set(CPACK_PACKAGE_VERSION ${PROJECT_VERSION})
set(CPACK_PACKAGE_VENDOR "the Caffe with ChannelDropBack project")
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "Caffe-compatible training with ChannelDropBack")
set(CPACK_PACKAGE_DESCRIPTION
    "Trains and tests nets defined for Caffe 1.0, and adds ChannelDropBack, a regulariser\n that lives in the solver. Programs, library, headers and documentation.")
set(CPACK_PACKAGING_INSTALL_PREFIX /usr)
set(CPACK_STRIP_FILES ON)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_MAINTAINER "the authors <maintainers@example.invalid>")
set(CPACK_DEBIAN_PACKAGE_SECTION science)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_PACKAGE_CONFLICTS "caffe-cpu, caffe-cuda, caffe-tools-cpu, libcaffe-cpu-dev")
set(CPACK_INSTALL_DEFAULT_DIRECTORY_PERMISSIONS OWNER_READ OWNER_WRITE OWNER_EXECUTE
    GROUP_READ GROUP_EXECUTE WORLD_READ WORLD_EXECUTE)
include(CPack)
