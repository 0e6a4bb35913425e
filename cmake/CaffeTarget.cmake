# What every source file of the library, and everyone who links it, compiles with.
target_compile_features(caffe PUBLIC cxx_std_20)
set_target_properties(caffe PROPERTIES CXX_EXTENSIONS OFF POSITION_INDEPENDENT_CODE ON
                      VERSION ${PROJECT_VERSION} SOVERSION 1)
target_include_directories(caffe PUBLIC
  $<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}>
  $<BUILD_INTERFACE:${PROJECT_BINARY_DIR}/generated>)
target_include_directories(caffe SYSTEM PUBLIC
  ${Protobuf_INCLUDE_DIRS} ${OpenCV_INCLUDE_DIRS} ${CBLAS_INCLUDE_DIR} ${LMDB_INCLUDE_DIR}
  ${HDF5_INCLUDE_DIR})
target_link_libraries(caffe
  PUBLIC protobuf::libprotobuf glog::glog gflags ${OPENCV_CORE_LIBRARY}
         ${OPENCV_IMGPROC_LIBRARY} ${OPENCV_IMGCODECS_LIBRARY} ${LMDB_LIBRARY} ${CBLAS_LIBRARY}
         ${HDF5_LIBRARY}
         OpenMP::OpenMP_CXX Threads::Threads
  PRIVATE ${DNNL_LIBRARY} ZLIB::ZLIB)
set(CAFFE_CPU_ARCH x86-64-v3 CACHE STRING
    "Instruction set of the CPU code, for -march (x86-64-v3: AVX2; empty: the compiler's default)")
target_compile_options(caffe PRIVATE
  $<$<COMPILE_LANGUAGE:CXX>:-Wall -Wextra -Wno-unused-parameter -Wno-restrict -ffp-contract=off
    -fno-math-errno -fno-trapping-math $<$<BOOL:${CAFFE_CPU_ARCH}>:-march=${CAFFE_CPU_ARCH}>>
  $<$<COMPILE_LANGUAGE:CUDA>:--extended-lambda --expt-relaxed-constexpr -diag-suppress=20012
    -Xcompiler=-Wall,-fopenmp>)
if(CAFFE_EMULATED_GPU)
  target_include_directories(caffe SYSTEM PUBLIC ${CUDA_INCLUDE_DIR} ${CUDNN_INCLUDE_DIR}
                             ${NCCL_INCLUDE_DIR})
  target_link_libraries(caffe PUBLIC emulated_gpu)
  target_compile_definitions(caffe PUBLIC USE_CUDNN USE_NCCL)
  # The headers take two thirds of the compilation, and this build comes on top of others.
  target_precompile_headers(caffe PRIVATE <caffe/net.hpp> <caffe/util/io.hpp>
                            <caffe/util/math_functions.hpp>)
elseif(CAFFE_CUDA)
  # CMake 3.25 does not know the feature cuda_std_20 of nvcc.
  target_compile_options(caffe PUBLIC $<$<COMPILE_LANGUAGE:CUDA>:-std=c++20>)
  target_include_directories(caffe SYSTEM PUBLIC ${CUDNN_INCLUDE_DIR} ${NCCL_INCLUDE_DIR})
  target_link_libraries(caffe PUBLIC CUDA::cudart CUDA::cublas CUDA::curand
                        ${CUDNN_LIBRARY} ${NCCL_LIBRARY})
  target_compile_definitions(caffe PUBLIC USE_CUDNN USE_NCCL)
else()
  target_compile_definitions(caffe PUBLIC CPU_ONLY)
endif()
