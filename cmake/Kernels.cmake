# caffe_kernels(FILE...) adds device-independent kernels to the library.
#
# Each FILE is plain C++ that spells its maths once, against caffe/device/launch.hpp.
# It is compiled by the host compiler for the CPU and, in a CUDA build, a second time
# by nvcc for the GPU. Without CUDA the GPU instances throw "built without CUDA".
function(caffe_kernels)
  foreach(file IN LISTS ARGN)
    target_sources(caffe PRIVATE ${file})
    if(CAFFE_CUDA)
      file(RELATIVE_PATH relative ${PROJECT_SOURCE_DIR} ${CMAKE_CURRENT_SOURCE_DIR}/${file})
      set(wrapper ${PROJECT_BINARY_DIR}/kernels/${relative}.cu)
      file(CONFIGURE OUTPUT ${wrapper} CONTENT "#include \"${relative}\"\n")
      target_sources(caffe PRIVATE ${wrapper})
    endif()
  endforeach()
endfunction()
