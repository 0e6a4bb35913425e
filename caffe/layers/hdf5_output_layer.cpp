#include "caffe/layers/hdf5_output_layer.hpp"

#include "caffe/util/hdf5.hpp"
#include "caffe/util/hdf5_file.hpp"

namespace caffe {

template <typename Dtype>
void HDF5OutputLayer<Dtype>::LayerSetUp(const vector<Blob<Dtype>*>& bottom,
                                        const vector<Blob<Dtype>*>& top) {
  file_name_ = this->layer_param_.hdf5_output_param().file_name();
  Require(!file_name_.empty(), "hdf5_output_param: there is no file_name.");
}

template <typename Dtype>
void HDF5OutputLayer<Dtype>::SaveBlobs() {
  LOG(INFO) << "Saving HDF5 file " << file_name_;
  Require(data_blob_.num() == label_blob_.num(), "Bottom 0 has ", data_blob_.num(),
          " rows, bottom 1 ", label_blob_.num(), ".");
  const Hdf5Object file = NewHdf5();
  hdf5_save_nd_dataset(file, HDF5_DATA_DATASET_NAME, data_blob_);
  hdf5_save_nd_dataset(file, HDF5_DATA_LABEL_NAME, label_blob_);
  WriteHdf5(file, file_name_);
}

template <typename Dtype>
void HDF5OutputLayer<Dtype>::Forward_cpu(const vector<Blob<Dtype>*>& bottom,
                                         const vector<Blob<Dtype>*>& top) {
  Require(!written_, "'", file_name_, "' holds a batch already, and a file holds one. Run the net ",
          "for one iteration.");
  Blob<Dtype>* blobs[] = {&data_blob_, &label_blob_};
  for (int i = 0; i < 2; ++i) {
    const Blob<Dtype>& from = *bottom[i];
    Require(from.num_axes() <= 4, "Bottom ", i, " is ", ShapeText(from.shape()),
            ", but the file's data sets have 4 axes.");
    blobs[i]->Reshape(from.num(), from.channels(), from.height(), from.width());
    std::copy_n(from.cpu_data(), from.count(), blobs[i]->mutable_cpu_data());
  }
  SaveBlobs();
  written_ = true;
}

INSTANTIATE_CLASS(HDF5OutputLayer);
REGISTER_LAYER_CLASS(HDF5Output);

}  // namespace caffe
