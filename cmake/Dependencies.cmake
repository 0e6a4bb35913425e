# Libraries that everything stands on. `scripts/install_dependencies` installs
# those that Debian packages.
find_package(Threads REQUIRED)
find_package(OpenMP REQUIRED COMPONENTS CXX)
find_package(Protobuf REQUIRED)
find_package(glog REQUIRED)
find_package(gflags REQUIRED)

# Debian puts OpenCV's CMake package into libopencv-dev, with a gigabyte of what we do not use.
find_path(OpenCV_INCLUDE_DIRS opencv2/core.hpp PATH_SUFFIXES opencv4 REQUIRED)
find_library(OPENCV_CORE_LIBRARY opencv_core REQUIRED)
find_library(OPENCV_IMGPROC_LIBRARY opencv_imgproc REQUIRED)
find_library(OPENCV_IMGCODECS_LIBRARY opencv_imgcodecs REQUIRED)

# oneDNN's own CMake package wants OpenCL's headers, which its C++ interface does not need.
find_path(DNNL_INCLUDE_DIR oneapi/dnnl/dnnl.hpp REQUIRED)
find_library(DNNL_LIBRARY dnnl REQUIRED)

find_path(LMDB_INCLUDE_DIR lmdb.h REQUIRED)
find_library(LMDB_LIBRARY lmdb REQUIRED)

find_path(HDF5_INCLUDE_DIR hdf5.h PATH_SUFFIXES hdf5/serial REQUIRED)
find_library(HDF5_LIBRARY NAMES hdf5_serial hdf5 REQUIRED)

find_path(CBLAS_INCLUDE_DIR cblas.h PATH_SUFFIXES openblas openblas-openmp x86_64-linux-gnu
          REQUIRED)
find_library(CBLAS_LIBRARY NAMES openblas REQUIRED)

find_package(ZLIB REQUIRED)
find_package(JPEG REQUIRED)

if(CAFFE_EMULATED_GPU)
  # Headers only.
  set(hints $ENV{CUDA_PATH}/include /usr/local/cuda/include)
  find_path(CUDA_INCLUDE_DIR cuda_runtime.h HINTS ${hints} REQUIRED)
  find_path(CUDNN_INCLUDE_DIR cudnn.h HINTS ${CUDA_INCLUDE_DIR} REQUIRED)
  find_path(NCCL_INCLUDE_DIR nccl.h HINTS ${CUDA_INCLUDE_DIR} REQUIRED)
elseif(CAFFE_CUDA)
  find_package(CUDAToolkit 13 REQUIRED)
  find_path(CUDNN_INCLUDE_DIR cudnn.h HINTS ${CUDAToolkit_INCLUDE_DIRS} REQUIRED)
  find_library(CUDNN_LIBRARY NAMES cudnn libcudnn.so.9 HINTS ${CUDAToolkit_LIBRARY_DIR} REQUIRED)
  find_path(NCCL_INCLUDE_DIR nccl.h HINTS ${CUDAToolkit_INCLUDE_DIRS} REQUIRED)
  find_library(NCCL_LIBRARY NAMES nccl libnccl.so.2 HINTS ${CUDAToolkit_LIBRARY_DIR} REQUIRED)
endif()
