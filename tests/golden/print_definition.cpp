// Prints the net definition that a .caffemodel holds, without its blobs, as a prototxt.

#include <cstdio>
#include <exception>

#include "caffe/util/upgrade_proto.hpp"

int main(int argc, char** argv) try {
  if (argc != 2) {
    std::fprintf(stderr, "usage: print_definition FILE.caffemodel\n");
    return 1;
  }
  FLAGS_minloglevel = google::GLOG_ERROR;
  caffe::NetParameter net;
  caffe::ReadNetParamsFromBinaryFileOrDie(argv[1], &net);
  for (caffe::LayerParameter& layer : *net.mutable_layer()) layer.clear_blobs();
  std::fputs(net.DebugString().c_str(), stdout);
  return 0;
} catch (const std::exception& error) {
  std::fprintf(stderr, "%s\n", error.what());
  return 1;
}
