# caffe_kernels(FILE...) adds device-independent kernels to the library.
#
# Each FILE is plain C++ that spells its maths once, against caffe/device/launch.hpp.
# It is compiled by the host compiler for the CPU and, in a CUDA build, a second time
# by nvcc for the GPU. Without CUDA the GPU instances throw "built without CUDA". For the
# emulated GPU the host compiler stands in for nvcc.
#
# EXACT: no compiler fuses multiplications and additions, so that results on the GPU have the
# bits that they have on the CPU.
function(caffe_kernels)
  cmake_parse_arguments(arg "EXACT" "" "" ${ARGN})
  foreach(file IN LISTS arg_UNPARSED_ARGUMENTS)
    target_sources(caffe PRIVATE ${file})
    if(NOT CAFFE_CUDA)
      continue()
    endif()
    file(RELATIVE_PATH relative ${PROJECT_SOURCE_DIR} ${CMAKE_CURRENT_SOURCE_DIR}/${file})
    set(wrapper ${PROJECT_BINARY_DIR}/kernels/${relative})
    if(CAFFE_EMULATED_GPU)
      string(APPEND wrapper .emulated.cpp)
      set(prelude "#include \"caffe/device/emulated/kernel_prelude.hpp\"\n")
      set(options -ffp-contract=$<IF:$<BOOL:${arg_EXACT}>,off,fast>)
    else()
      string(APPEND wrapper .cu)
      set(prelude)
      set(options $<$<BOOL:${arg_EXACT}>:--fmad=false>)
    endif()
    file(CONFIGURE OUTPUT ${wrapper} CONTENT "${prelude}#include \"${relative}\"\n")
    target_sources(caffe PRIVATE ${wrapper})
    set_property(SOURCE ${wrapper} TARGET_DIRECTORY caffe APPEND PROPERTY COMPILE_OPTIONS
                 ${options})
    # Nothing may come before the prelude.
    set_property(SOURCE ${wrapper} TARGET_DIRECTORY caffe PROPERTY SKIP_PRECOMPILE_HEADERS ON)
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
        COMPILE_OPTIONS "${instructions};-ffp-contract=fast;-Wno-psabi"
        SKIP_PRECOMPILE_HEADERS ON)
    endforeach()
  endforeach()
endfunction()
