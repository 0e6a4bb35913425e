// Runs a deploy net on raw input and writes its outputs, raw: 32-bit floats both. Several outputs
// of an input follow each other in the order of their names.

#include <cstdio>
#include <exception>
#include <fstream>

#include "caffe/caffe.hpp"

namespace {

void Run(const char* model, const char* weights, const char* input, const char* output) {
  caffe::Net<float> net(model, caffe::TEST);
  net.CopyTrainedLayersFrom(weights);
  caffe::Blob<float>* images = net.input_blobs()[0];
  std::ifstream in(input, std::ios::binary);
  const auto image_bytes = static_cast<std::streamsize>(images->count(1) * sizeof(float));
  std::ofstream out(output, std::ios::binary);
  images->Reshape(1, images->channels(), images->height(), images->width());
  while (in.read(reinterpret_cast<char*>(images->mutable_cpu_data()), image_bytes)) {
    for (const caffe::Blob<float>* scores : net.Forward()) {
      out.write(reinterpret_cast<const char*>(scores->cpu_data()),
                static_cast<std::streamsize>(scores->count() * sizeof(float)));
    }
  }
}

}  // namespace

int main(int argc, char** argv) try {
  if (argc != 5) {
    std::fprintf(stderr, "usage: dump_scores DEPLOY.prototxt WEIGHTS INPUT OUTPUT\n");
    return 1;
  }
  FLAGS_minloglevel = google::GLOG_ERROR;
  Run(argv[1], argv[2], argv[3], argv[4]);
  return 0;
} catch (const std::exception& error) {
  std::fprintf(stderr, "%s\n", error.what());
  return 1;
}
