#ifndef CAFFE_NET_HPP_
#define CAFFE_NET_HPP_

#include <map>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "caffe/blob.hpp"
#include "caffe/common.hpp"
#include "caffe/layer.hpp"
#include "caffe/plan/execution_plan.hpp"
#include "caffe/plan/memory_plan.hpp"
#include "caffe/proto/caffe.pb.h"
#include "caffe/wanted_gradient.hpp"

namespace caffe {

/// A directed acyclic graph of layers, wired by blob names as its NetParameter says.
template <typename Dtype>
class Net {
 public:
  explicit Net(const NetParameter& param);
  explicit Net(const string& param_file, Phase phase, const int level = 0,
               const vector<string>* stages = NULL);
  virtual ~Net();

  void Init(const NetParameter& param);

  /// Runs all layers. @param loss  out, the sum over tops of loss weight times value
  const vector<Blob<Dtype>*>& Forward(Dtype* loss = NULL);
  const vector<Blob<Dtype>*>& ForwardPrefilled(Dtype* loss = NULL) { return Forward(loss); }
  /// Copies `bottom` into the net's inputs first.
  const vector<Blob<Dtype>*>& Forward(const vector<Blob<Dtype>*>& bottom, Dtype* loss = NULL);
  /// Layers [start, end], both included.
  Dtype ForwardFromTo(int start, int end);
  Dtype ForwardFrom(int start);
  Dtype ForwardTo(int end);

  void ClearParamDiffs();
  void Backward();
  void BackwardFromTo(int start, int end);
  void BackwardFrom(int start);
  void BackwardTo(int end);

  /// Shapes all blobs from the inputs' shapes, without computing.
  void Reshape();

  Dtype ForwardBackward() {
    Dtype loss;
    Forward(&loss);
    Backward();
    return loss;
  }

  /// data -= diff for all learnable parameters.
  void Update();
  /// Makes every shared parameter use its owner's memory.
  void ShareWeights();

  /// Uses the other net's weights in layers of the same name.
  void ShareTrainedLayersWith(const Net* other);
  void CopyTrainedLayersFrom(const NetParameter& param);
  void CopyTrainedLayersFrom(const string& trained_filename);
  void CopyTrainedLayersFromBinaryProto(const string& trained_filename);
  void CopyTrainedLayersFromHDF5(const string& trained_filename);
  void ToProto(NetParameter* param, bool write_diff = false) const;
  void ToHDF5(const string& filename, bool write_diff = false) const;

  const string& name() const { return name_; }
  const vector<string>& layer_names() const { return layer_names_; }
  const vector<string>& blob_names() const { return blob_names_; }
  const vector<shared_ptr<Blob<Dtype>>>& blobs() const { return blobs_; }
  const vector<shared_ptr<Layer<Dtype>>>& layers() const { return layers_; }
  Phase phase() const { return phase_; }
  const vector<vector<Blob<Dtype>*>>& bottom_vecs() const { return bottom_vecs_; }
  const vector<vector<Blob<Dtype>*>>& top_vecs() const { return top_vecs_; }
  /// Indices in blobs() of the i-th layer's tops and bottoms.
  const vector<int>& top_ids(int i) const { return top_id_vecs_.at(i); }
  const vector<int>& bottom_ids(int i) const { return bottom_id_vecs_.at(i); }
  const vector<vector<bool>>& bottom_need_backward() const { return bottom_need_backward_; }
  const vector<Dtype>& blob_loss_weights() const { return blob_loss_weights_; }
  const vector<bool>& layer_need_backward() const { return layer_need_backward_; }

  /// All parameters, shared ones too; learnable_params() has the owners only.
  const vector<shared_ptr<Blob<Dtype>>>& params() const { return params_; }
  const vector<Blob<Dtype>*>& learnable_params() const { return learnable_params_; }
  /// lr_mult and decay_mult of each of learnable_params(), and whether they were given.
  const vector<float>& params_lr() const { return params_lr_; }
  const vector<bool>& has_params_lr() const { return has_params_lr_; }
  const vector<float>& params_weight_decay() const { return params_weight_decay_; }
  const vector<bool>& has_params_decay() const { return has_params_decay_; }
  const map<string, int>& param_names_index() const { return param_names_index_; }
  /// For each of params(): the index of its owner, or -1 if it owns itself.
  const vector<int>& param_owners() const { return param_owners_; }
  const vector<string>& param_display_names() const { return param_display_names_; }
  /// For each of params(): (layer, index within the layer).
  const vector<pair<int, int>>& param_layer_indices() const { return param_layer_indices_; }
  /// For each of params(): its index in learnable_params().
  const vector<int>& learnable_param_ids() const { return learnable_param_ids_; }

  int num_inputs() const { return static_cast<int>(net_input_blobs_.size()); }
  int num_outputs() const { return static_cast<int>(net_output_blobs_.size()); }
  const vector<Blob<Dtype>*>& input_blobs() const { return net_input_blobs_; }
  const vector<Blob<Dtype>*>& output_blobs() const { return net_output_blobs_; }
  const vector<int>& input_blob_indices() const { return net_input_blob_indices_; }
  const vector<int>& output_blob_indices() const { return net_output_blob_indices_; }
  bool has_blob(const string& blob_name) const;
  const shared_ptr<Blob<Dtype>> blob_by_name(const string& blob_name) const;
  bool has_layer(const string& layer_name) const;
  const shared_ptr<Layer<Dtype>> layer_by_name(const string& layer_name) const;

  void set_debug_info(const bool value) { debug_info_ = value; }

  /// Makes the plan by which passes run from now on; Init makes one with DefaultPlanOptions().
  void MakePlan(const PlanOptions& options);
  const ExecutionPlan<Dtype>& plan() const { return *plan_; }
  /// Whether a plan that shares memory does so from now on; true at first.
  void set_share_memory(bool share) { shares_memory_ = share; }
  /// Tells layers what will be used of the gradients of learnable_params(), until the next call.
  /// The rest may be left out, so that its diffs stay as they were. Null entries, and an empty
  /// list, stand for all. Without the plan's skip_gradients it does nothing.
  void SetWantedGradients(const vector<shared_ptr<const WantedGradient>>& wanted);
  /// Runs layer `i`, or the step of the plan that begins (in Backward: ends) there if it lies
  /// within [i, end] ([end, i]); adds to *loss. @return the last layer that was run
  int ForwardStep(int i, int end, Dtype* loss);
  int BackwardStep(int i, int end);

  /// Removes layers that the state of `param` excludes.
  static void FilterNet(const NetParameter& param, NetParameter* param_filtered);
  static bool StateMeetsRule(const NetState& state, const NetStateRule& rule,
                             const string& layer_name);

  /// How far this net has come: forward passes and the layers' own positions. A net that
  /// continues from another's progress sees the same data and the same random numbers.
  void GetProgress(NetProgress* progress) const;
  void SetProgress(const NetProgress& progress);

  /// Tells all layers.
  void set_training_position(const TrainingPosition& position);

  /// Called with a layer's index before or after it runs.
  class Callback {
   protected:
    virtual void run(int layer) = 0;

    template <typename T>
    friend class Net;
  };
  const vector<Callback*>& before_forward() const { return before_forward_; }
  void add_before_forward(Callback* value) { before_forward_.push_back(value); }
  const vector<Callback*>& after_forward() const { return after_forward_; }
  void add_after_forward(Callback* value) { after_forward_.push_back(value); }
  const vector<Callback*>& before_backward() const { return before_backward_; }
  void add_before_backward(Callback* value) { before_backward_.push_back(value); }
  const vector<Callback*>& after_backward() const { return after_backward_; }
  void add_after_backward(Callback* value) { after_backward_.push_back(value); }

 protected:
  void AppendTop(const NetParameter& param, const int layer_id, const int top_id,
                 set<string>* available_blobs, map<string, int>* blob_name_to_idx);
  int AppendBottom(const NetParameter& param, const int layer_id, const int bottom_id,
                   set<string>* available_blobs, map<string, int>* blob_name_to_idx);
  void AppendParam(const NetParameter& param, const int layer_id, const int param_id);
  void ForwardDebugInfo(const int layer_id);
  void BackwardDebugInfo(const int layer_id);
  void UpdateDebugInfo(const int param_id);

  string name_;
  Phase phase_;
  vector<shared_ptr<Layer<Dtype>>> layers_;
  vector<string> layer_names_;
  map<string, int> layer_names_index_;
  vector<bool> layer_need_backward_;
  vector<shared_ptr<Blob<Dtype>>> blobs_;
  vector<string> blob_names_;
  map<string, int> blob_names_index_;
  vector<bool> blob_need_backward_;
  vector<vector<Blob<Dtype>*>> bottom_vecs_;
  vector<vector<int>> bottom_id_vecs_;
  vector<vector<bool>> bottom_need_backward_;
  vector<vector<Blob<Dtype>*>> top_vecs_;
  vector<vector<int>> top_id_vecs_;
  vector<Dtype> blob_loss_weights_;
  vector<vector<int>> param_id_vecs_;
  vector<int> param_owners_;
  vector<string> param_display_names_;
  vector<pair<int, int>> param_layer_indices_;
  map<string, int> param_names_index_;
  vector<int> net_input_blob_indices_;
  vector<int> net_output_blob_indices_;
  vector<Blob<Dtype>*> net_input_blobs_;
  vector<Blob<Dtype>*> net_output_blobs_;
  vector<shared_ptr<Blob<Dtype>>> params_;
  vector<Blob<Dtype>*> learnable_params_;
  vector<int> learnable_param_ids_;
  vector<float> params_lr_;
  vector<bool> has_params_lr_;
  vector<float> params_weight_decay_;
  vector<bool> has_params_decay_;
  size_t memory_used_ = 0;
  bool debug_info_ = false;
  vector<Callback*> before_forward_;
  vector<Callback*> after_forward_;
  vector<Callback*> before_backward_;
  vector<Callback*> after_backward_;

 private:
  void AppendLayer(const NetParameter& param, int layer_id, set<string>* available_blobs,
                   map<string, int>* blob_name_to_idx);
  void AppendTops(const NetParameter& param, int layer_id, set<string>* available_blobs,
                  map<string, int>* blob_name_to_idx);
  void SetUpLayer(int layer_id);
  void AppendParams(const NetParameter& param, int layer_id);
  void MarkBackward(const NetParameter& param);
  void CollectOutputs(const set<string>& available_blobs);
  /// "conv1 (Convolution, net.prototxt:12)", for error messages.
  string LayerContext(int layer_id) const;

  bool IsWatched() const;
  bool SharesMemory() const { return memory_plan_ != nullptr && shares_memory_ && !IsWatched(); }

  uint64_t forward_passes_ = 0;
  std::unique_ptr<ExecutionPlan<Dtype>> plan_;
  std::unique_ptr<MemoryPlan<Dtype>> memory_plan_;  // null: all memory is kept
  bool shares_memory_ = true;
  bool skips_gradients_ = true;

  DISABLE_COPY_AND_ASSIGN(Net);
};

}  // namespace caffe

#endif  // CAFFE_NET_HPP_
