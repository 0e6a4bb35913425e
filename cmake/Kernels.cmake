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

# caffe_vector_kernels(FILE...) adds vector code to the library, compiled once for AVX2 and once
# for AVX-512, with CAFFE_LANES floats in a vector; which one runs is decided on the machine.
# Other architectures get both with the instructions that all code has.
function(caffe_vector_kernels)
  foreach(variant 8:x86-64-v3 16:x86-64-v4)
    string(REPLACE ":" ";" variant ${variant})
    list(GET variant 0 lanes)
    list(GET variant 1 arch)
    set(instructions)
    if(CMAKE_SYSTEM_PROCESSOR MATCHES "^(x86_64|AMD64)$")
      set(instructions "-march=${arch}")
    endif()
    foreach(file IN LISTS ARGN)
      file(RELATIVE_PATH relative ${PROJECT_SOURCE_DIR} ${CMAKE_CURRENT_SOURCE_DIR}/${file})
      set(wrapper ${PROJECT_BINARY_DIR}/kernels/lanes${lanes}/${relative})
      file(CONFIGURE OUTPUT ${wrapper} CONTENT
           "#define CAFFE_LANES ${lanes}\n#include \"${relative}\"\n")
      target_sources(caffe PRIVATE ${wrapper})
      set_source_files_properties(${wrapper} TARGET_DIRECTORY caffe PROPERTIES
        COMPILE_OPTIONS "${instructions};-ffp-contract=fast;-Wno-psabi")
    endforeach()
  endforeach()
endfunction()
