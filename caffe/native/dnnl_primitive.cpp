#include "caffe/native/dnnl_primitive.hpp"

#include <utility>

#include "caffe/native/dnnl_memory.hpp"
#include "caffe/native/thread_scratch.hpp"

namespace caffe {

dnnl::primitive_attr DnnlAttributes() {
  dnnl::primitive_attr attributes;
  attributes.set_scratchpad_mode(dnnl::scratchpad_mode::user);
  return attributes;
}

DnnlPrimitive::DnnlPrimitive(const dnnl::primitive_desc_base& desc)
    : primitive_(desc.get()), scratchpad_(desc.scratchpad_desc()) {}

void DnnlPrimitive::Run(Arguments arguments) const {
  if (const size_t bytes = scratchpad_.get_size(); bytes > 0) {
    arguments.emplace(DNNL_ARG_SCRATCHPAD,
                      dnnl::memory(scratchpad_, DnnlEngine(), ThreadScratch(bytes)));
  }
  primitive_.execute(DnnlStream(), arguments);
  DnnlStream().wait();
}

}  // namespace caffe
