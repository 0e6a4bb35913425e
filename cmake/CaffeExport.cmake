# Makes the library usable from other CMake projects, out of the build tree
# (-DCaffe_DIR=<build tree>) and installed.
include(CMakePackageConfigHelpers)
include(GNUInstallDirs)
set(config_dir ${CMAKE_INSTALL_LIBDIR}/cmake/Caffe)

# Caffe's own headers are found as "caffe/x.hpp"; inside they name "solver/x.hpp".
target_include_directories(caffe PUBLIC
  $<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}>
  $<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}/caffe>)

install(TARGETS caffe EXPORT CaffeTargets)
if(CAFFE_EMULATED_GPU)
  install(TARGETS emulated_gpu EXPORT CaffeTargets)
endif()
set(programs caffe_cli compute_image_mean convert_cifar convert_imagenet convert_imageset
    convert_mnist convert_svhn lmdb_info lmdb_subset)
set_target_properties(${programs} PROPERTIES
                      INSTALL_RPATH "$ORIGIN/../${CMAKE_INSTALL_LIBDIR}")
install(TARGETS ${programs})
install(EXPORT CaffeTargets NAMESPACE Caffe:: DESTINATION ${config_dir})
export(EXPORT CaffeTargets NAMESPACE Caffe:: FILE ${PROJECT_BINARY_DIR}/CaffeTargets.cmake)

configure_package_config_file(cmake/CaffeConfig.cmake.in ${PROJECT_BINARY_DIR}/CaffeConfig.cmake
                              INSTALL_DESTINATION ${config_dir})
write_basic_package_version_file(${PROJECT_BINARY_DIR}/CaffeConfigVersion.cmake
                                 COMPATIBILITY SameMajorVersion)
install(FILES ${PROJECT_BINARY_DIR}/CaffeConfig.cmake
              ${PROJECT_BINARY_DIR}/CaffeConfigVersion.cmake
        DESTINATION ${config_dir})

install(DIRECTORY caffe/ DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/caffe
        FILES_MATCHING PATTERN *.hpp PATTERN *.h PATTERN *.cuh)
install(DIRECTORY solver/ DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/caffe/solver
        FILES_MATCHING PATTERN *.hpp)
install(DIRECTORY ${PROJECT_BINARY_DIR}/generated/caffe/
        DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/caffe FILES_MATCHING PATTERN *.pb.h)
install(FILES proto/caffe.proto DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/caffe/proto)
