#include "caffe/layers/dummy_data_layer.hpp"

namespace caffe {

namespace {

/// The shape of top i, from `shape` or from the four legacy fields, given once or per top.
BlobShape TopShape(const DummyDataParameter& param, int i, int tops) {
  if (param.shape_size() > 0) {
    Require(
        param.num_size() + param.channels_size() + param.height_size() + param.width_size() == 0,
        "both shape and num, channels, height or width are given. Give shape only");
    Require(param.shape_size() == 1 || param.shape_size() == tops, "found ", param.shape_size(),
            " shapes for ", tops, " tops. Give one for all, or one for each");
    return param.shape(param.shape_size() == 1 ? 0 : i);
  }
  BlobShape shape;
  const auto append = [&](const char* name, const auto& values) {
    Require(values.size() == 1 || values.size() == tops, "found ", values.size(), " values of ",
            name, " for ", tops, " tops. Give shape, or each of num, channels, height and width ",
            "once, or once for each top");
    shape.add_dim(values.Get(values.size() == 1 ? 0 : i));
  };
  append("num", param.num());
  append("channels", param.channels());
  append("height", param.height());
  append("width", param.width());
  return shape;
}

}  // namespace

template <typename Dtype>
void DummyDataLayer<Dtype>::LayerSetUp(const vector<Blob<Dtype>*>& bottom,
                                       const vector<Blob<Dtype>*>& top) {
  const DummyDataParameter& param = this->layer_param_.dummy_data_param();
  const int tops = static_cast<int>(top.size());
  const int given = param.data_filler_size();
  Require(given == 0 || given == 1 || given == tops, "found ", given, " data_filler for ", tops,
          " tops. Give none, one for all, or one for each");
  fillers_.clear();
  refill_.clear();
  for (int i = 0; i < tops; ++i) {
    FillerParameter filler_param;
    if (given > 0) filler_param = param.data_filler(given == 1 ? 0 : i);
    fillers_.emplace_back(GetFiller<Dtype>(filler_param));
    const bool is_constant = filler_param.type() == "constant";
    refill_.push_back(!is_constant);
    top[i]->Reshape(TopShape(param, i, tops));
    if (is_constant) fillers_[i]->Fill(top[i]);
  }
}

template <typename Dtype>
void DummyDataLayer<Dtype>::Forward_cpu(const vector<Blob<Dtype>*>& bottom,
                                        const vector<Blob<Dtype>*>& top) {
  for (size_t i = 0; i < top.size(); ++i) {
    if (refill_[i]) fillers_[i]->Fill(top[i]);
  }
}

INSTANTIATE_CLASS(DummyDataLayer);
REGISTER_LAYER_CLASS(DummyData);

}  // namespace caffe
