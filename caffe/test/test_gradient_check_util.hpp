#ifndef CAFFE_TEST_TEST_GRADIENT_CHECK_UTIL_HPP_
#define CAFFE_TEST_TEST_GRADIENT_CHECK_UTIL_HPP_

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "caffe/common.hpp"
#include "caffe/layer.hpp"
#include "caffe/net.hpp"

namespace caffe {

/// Compares a layer's Backward with central finite differences of its Forward, by EXPECT_NEAR
/// with a tolerance of threshold * max(|computed|, |estimated|, 1).
template <typename Dtype>
class GradientChecker {
 public:
  /// @param stepsize   each value is moved by this much, up and down
  /// @param seed       set before every Forward, so that random layers repeat themselves
  /// @param kink       values x with kink - kink_range <= |x| <= kink + kink_range are not
  ///                   compared: there the layer has no derivative. No such values for a
  ///                   negative kink_range.
  GradientChecker(const Dtype stepsize, const Dtype threshold, const unsigned int seed = 1701,
                  const Dtype kink = 0., const Dtype kink_range = -1)
      : stepsize_(stepsize),
        threshold_(threshold),
        seed_(seed),
        kink_(kink),
        kink_range_(kink_range) {}

  /// Sets the layer up and checks the gradient of half the sum of squares of all tops.
  /// @param check_bottom  the bottom to differentiate by; -1: all; below: parameters only
  void CheckGradient(Layer<Dtype>* layer, const vector<Blob<Dtype>*>& bottom,
                     const vector<Blob<Dtype>*>& top, int check_bottom = -1) {
    layer->SetUp(bottom, top);
    CheckGradientSingle(layer, bottom, top, check_bottom, -1, -1);
  }

  /// The same for each top element by itself.
  void CheckGradientExhaustive(Layer<Dtype>* layer, const vector<Blob<Dtype>*>& bottom,
                               const vector<Blob<Dtype>*>& top, int check_bottom = -1) {
    CheckEachElement(layer, bottom, top, check_bottom, false);
  }

  /// The same for a layer without parameters whose top element i depends on element i of its
  /// bottoms alone; other gradients have to be zero. Much faster.
  void CheckGradientEltwise(Layer<Dtype>* layer, const vector<Blob<Dtype>*>& bottom,
                            const vector<Blob<Dtype>*>& top) {
    CheckEachElement(layer, bottom, top, -1, true);
  }

  /// One objective: twice the element top_data_id of top top_id, or, if top_id is negative,
  /// half the sum of squares of all tops. The layer must be set up.
  void CheckGradientSingle(Layer<Dtype>* layer, const vector<Blob<Dtype>*>& bottom,
                           const vector<Blob<Dtype>*>& top, int check_bottom, int top_id,
                           int top_data_id, bool element_wise = false);

  /// Checks every layer of a net by itself, on the values that `input` leads to, by the bottoms
  /// whose gradients the net wants. Layers must not work in place.
  void CheckGradientNet(const Net<Dtype>& net, const vector<Blob<Dtype>*>& input);

 protected:
  /// The objective's value; puts its gradient into the diffs of the tops.
  Dtype GetObjAndGradient(const Layer<Dtype>& layer, const vector<Blob<Dtype>*>& top,
                          int top_id = -1, int top_data_id = -1);

  Dtype stepsize_;
  Dtype threshold_;
  unsigned int seed_;
  Dtype kink_;
  Dtype kink_range_;

 private:
  void CheckEachElement(Layer<Dtype>* layer, const vector<Blob<Dtype>*>& bottom,
                        const vector<Blob<Dtype>*>& top, int check_bottom, bool element_wise);
  Dtype ObjectiveAt(Layer<Dtype>* layer, const vector<Blob<Dtype>*>& bottom,
                    const vector<Blob<Dtype>*>& top, int top_id, int top_data_id) {
    Caffe::set_random_seed(seed_);
    layer->Forward(bottom, top);
    return GetObjAndGradient(*layer, top, top_id, top_data_id);
  }
  bool AtKink(Dtype value) const {
    return std::abs(value) >= kink_ - kink_range_ && std::abs(value) <= kink_ + kink_range_;
  }
};

template <typename Dtype>
void GradientChecker<Dtype>::CheckEachElement(Layer<Dtype>* layer,
                                              const vector<Blob<Dtype>*>& bottom,
                                              const vector<Blob<Dtype>*>& top, int check_bottom,
                                              bool element_wise) {
  layer->SetUp(bottom, top);
  Require(!top.empty(), "A gradient check needs a layer with tops");
  for (size_t i = 0; i < top.size(); ++i) {
    for (int j = 0; j < top[i]->count(); ++j) {
      CheckGradientSingle(layer, bottom, top, check_bottom, static_cast<int>(i), j, element_wise);
    }
  }
}

template <typename Dtype>
void GradientChecker<Dtype>::CheckGradientSingle(Layer<Dtype>* layer,
                                                 const vector<Blob<Dtype>*>& bottom,
                                                 const vector<Blob<Dtype>*>& top, int check_bottom,
                                                 int top_id, int top_data_id, bool element_wise) {
  if (element_wise) {
    Require(layer->blobs().empty() && check_bottom == -1 && top_id >= 0,
            "An element-wise gradient check is for layers without parameters and for one top");
    for (Blob<Dtype>* blob : bottom) {
      Require(blob->count() == top[top_id]->count(), "An element-wise gradient check found a ",
              "bottom of ", blob->count(), " elements for a top of ", top[top_id]->count());
    }
  }

  vector<Blob<Dtype>*> checked;
  for (size_t i = 0; i < layer->blobs().size(); ++i) {
    Blob<Dtype>* blob = layer->blobs()[i].get();
    std::fill_n(blob->mutable_cpu_diff(), blob->count(), Dtype(0));
    checked.push_back(blob);
  }
  const size_t parameters = checked.size();
  vector<bool> propagate_down(bottom.size(), check_bottom == -1);
  if (check_bottom >= 0) propagate_down.at(check_bottom) = true;
  for (size_t i = 0; i < bottom.size(); ++i) {
    if (propagate_down[i]) checked.push_back(bottom[i]);
  }
  Require(!checked.empty(), "A gradient check found nothing to differentiate by");

  ObjectiveAt(layer, bottom, top, top_id, top_data_id);
  layer->Backward(top, propagate_down, bottom);
  // Forward is about to run again, and blobs may share memory with each other.
  vector<vector<Dtype>> computed;
  for (const Blob<Dtype>* blob : checked) {
    computed.emplace_back(blob->cpu_diff(), blob->cpu_diff() + blob->count());
  }

  for (size_t b = 0; b < checked.size(); ++b) {
    Blob<Dtype>* blob = checked[b];
    for (int i = 0; i < blob->count(); ++i) {
      const Dtype value = blob->cpu_data()[i];
      Dtype estimated = 0;
      if (!element_wise || i == top_data_id) {
        blob->mutable_cpu_data()[i] = value + stepsize_;
        const Dtype above = ObjectiveAt(layer, bottom, top, top_id, top_data_id);
        blob->mutable_cpu_data()[i] = value - stepsize_;
        const Dtype below = ObjectiveAt(layer, bottom, top, top_id, top_data_id);
        blob->mutable_cpu_data()[i] = value;
        estimated = (above - below) / stepsize_ / Dtype(2);
      }
      if (AtKink(value)) continue;
      const Dtype scale =
          std::max(std::max(std::abs(computed[b][i]), std::abs(estimated)), Dtype(1));
      EXPECT_NEAR(computed[b][i], estimated, threshold_ * scale)
          << "objective: element " << top_data_id << " of top " << top_id << "; by element " << i
          << " of " << (b < parameters ? "parameter " : "checked bottom ")
          << (b < parameters ? b : b - parameters) << ", value " << value;
    }
  }
}

template <typename Dtype>
void GradientChecker<Dtype>::CheckGradientNet(const Net<Dtype>& net,
                                              const vector<Blob<Dtype>*>& input) {
  // The interface promises a const net, but only a forward pass gives its blobs values.
  Net<Dtype>& mutable_net = const_cast<Net<Dtype>&>(net);
  for (size_t i = 0; i < net.layers().size(); ++i) {
    const vector<Blob<Dtype>*>& bottom = net.bottom_vecs()[i];
    const vector<Blob<Dtype>*>& top = net.top_vecs()[i];
    for (size_t j = 0; j < bottom.size(); ++j) {
      if (!net.bottom_need_backward()[i][j] || top.empty()) continue;
      for (Blob<Dtype>* blob : top) {
        Require(blob != bottom[j], "The gradient of layer ", net.layer_names()[i],
                " cannot be checked, since it works in place");
      }
      mutable_net.Forward(input);
      CheckGradient(net.layers()[i].get(), bottom, top, static_cast<int>(j));
    }
  }
}

template <typename Dtype>
Dtype GradientChecker<Dtype>::GetObjAndGradient(const Layer<Dtype>& layer,
                                                const vector<Blob<Dtype>*>& top, int top_id,
                                                int top_data_id) {
  Dtype objective = 0;
  for (size_t i = 0; i < top.size(); ++i) {
    const Dtype* data = top[i]->cpu_data();
    Dtype* diff = top[i]->mutable_cpu_diff();
    for (int j = 0; j < top[i]->count(); ++j) {
      diff[j] = top_id < 0 ? data[j] : Dtype(0);
      if (top_id < 0) objective += data[j] * data[j] / Dtype(2);
    }
  }
  if (top_id >= 0) {
    // A factor other than 1 finds layers that forget the incoming gradient.
    const Dtype weight = 2;
    objective = weight * top[top_id]->cpu_data()[top_data_id];
    top[top_id]->mutable_cpu_diff()[top_data_id] = weight;
  }
  return objective;
}

}  // namespace caffe

#endif  // CAFFE_TEST_TEST_GRADIENT_CHECK_UTIL_HPP_
