# caffe_add_emulated_cuda(TARGET FILE.cu...) compiles CUDA sources for the emulated GPU into a
# target that links Caffe::caffe.
set(caffe_translate_cuda ${CMAKE_CURRENT_LIST_DIR}/translate_cuda.py)
find_program(CAFFE_TRANSLATION_PYTHON NAMES python3 HINTS /usr/bin REQUIRED)
function(caffe_add_emulated_cuda target)
  foreach(file IN LISTS ARGN)
    set(output ${CMAKE_CURRENT_BINARY_DIR}/emulated/${file}.cpp)
    add_custom_command(OUTPUT ${output}
      COMMAND ${CAFFE_TRANSLATION_PYTHON} ${caffe_translate_cuda}
              ${CMAKE_CURRENT_SOURCE_DIR}/${file} ${output}
      DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/${file} ${caffe_translate_cuda})
    target_sources(${target} PRIVATE ${output})
  endforeach()
endfunction()
