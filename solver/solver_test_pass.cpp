#include <vector>

#include "solver/solver.hpp"

namespace caffe {

template <typename Dtype>
void Solver<Dtype>::TestAll() {
  for (size_t i = 0; i < test_nets_.size() && !requested_early_exit_; ++i) {
    Test(static_cast<int>(i));
  }
}

/// Runs the batches of one pass and adds up the losses and every element of every output.
/// @param score_ids  out, for each score the number of its output blob
/// @return false if the pass was asked to stop
template <typename Dtype>
bool Solver<Dtype>::TestBatches(Net<Dtype>* net, int batches, Dtype* loss, vector<Dtype>* scores,
                                vector<int>* score_ids) {
  for (int i = 0; i < batches; ++i) {
    SolverAction::Enum request = GetRequestedAction();
    while (request != SolverAction::NONE) {
      if (request == SolverAction::SNAPSHOT) TrySnapshot();
      if (request == SolverAction::STOP) requested_early_exit_ = true;
      request = GetRequestedAction();
    }
    if (requested_early_exit_) return false;

    Dtype batch_loss;
    const vector<Blob<Dtype>*>& outputs = net->Forward(&batch_loss);
    *loss += batch_loss;
    size_t position = 0;
    for (size_t j = 0; j < outputs.size(); ++j) {
      const Dtype* values = outputs[j]->cpu_data();
      for (int k = 0; k < outputs[j]->count(); ++k, ++position) {
        if (position == scores->size()) {
          scores->push_back(0);
          score_ids->push_back(static_cast<int>(j));
        }
        (*scores)[position] += values[k];
      }
    }
  }
  return true;
}

template <typename Dtype>
void Solver<Dtype>::Test(const int test_net_id) {
  LOG(INFO) << "Iteration " << iter_ << ", Testing net (#" << test_net_id << ")";
  Net<Dtype>* const net = test_nets_[test_net_id].get();
  net->ShareTrainedLayersWith(net_.get());
  net->set_training_position({iter_, param_.max_iter()});
  const int batches = param_.test_iter(test_net_id);
  Dtype loss = 0;
  vector<Dtype> scores;
  vector<int> score_ids;
  if (!TestBatches(net, batches, &loss, &scores, &score_ids)) {
    LOG(INFO) << "Test interrupted.";
    return;
  }
  if (param_.test_compute_loss()) LOG(INFO) << "Test loss: " << loss / batches;
  TrainingMetrics::Test metrics{test_net_id, {}};
  for (const int blob_id : net->output_blob_indices()) {
    metrics.outputs.push_back({net->blob_names()[blob_id], 0});
  }
  for (size_t i = 0; i < scores.size(); ++i) {
    const int blob_id = net->output_blob_indices()[score_ids[i]];
    const Dtype weight = net->blob_loss_weights()[blob_id];
    const Dtype mean = scores[i] / batches;
    metrics.outputs[score_ids[i]].value += mean / net->output_blobs()[score_ids[i]]->count();
    ostringstream loss_text;
    if (weight) loss_text << " (* " << weight << " = " << weight * mean << " loss)";
    LOG(INFO) << "    Test net output #" << i << ": " << net->blob_names()[blob_id] << " = " << mean
              << loss_text.str();
  }
  metrics_.tests.push_back(metrics);
  NoteTestValue(metrics);
}

#define INSTANTIATE(Dtype)                      \
  template void Solver<Dtype>::TestAll();       \
  template void Solver<Dtype>::Test(const int); \
  template bool Solver<Dtype>::TestBatches(Net<Dtype>*, int, Dtype*, vector<Dtype>*, vector<int>*);
INSTANTIATE(float)
INSTANTIATE(double)

}  // namespace caffe
