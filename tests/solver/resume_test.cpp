#include <gtest/gtest.h>

#include <filesystem>
#include <string>
#include <vector>

#include "caffe/test/test_caffe_main.hpp"
#include "caffe/util/atomic_file.hpp"
#include "solver/channel_dropback.hpp"
#include "solver/hdf5_state.hpp"
#include "solver/snapshot_files.hpp"
#include "tests/caffe/oracle_values.hpp"
#include "tests/solver/solver_fixture.hpp"

namespace caffe {
namespace {

/// Everything that could get lost: random data, dropout, statistics, momentum, drop plans,
/// decays of the rates, a test net with a position of its own.
string Definition(const string& type, const string& seed, const TempDir& dir,
                  const string& method = "") {
  return "type: '" + type + "' " + seed +
         " base_lr: 0.1 momentum: 0.9 weight_decay: 0.01 lr_policy: 'multistep' gamma: 0.5 "
         "stepvalue: 3 stepvalue: 7 max_iter: 10 iter_size: 2 "
         "lr_dropout_param { drop_rate { value: 0.25 } } snapshot_prefix: '" +
         (dir / "run") +
         "' test_interval: 4 test_iter: 2 "
         "net_param { name: 'resume' "
         "  layer { name: 'data' type: 'DummyData' top: 'data' top: 'label' "
         "    dummy_data_param { shape { dim: 6 dim: 3 dim: 5 dim: 5 } shape { dim: 6 } "
         "      data_filler { type: 'gaussian' std: 1 } "
         "      data_filler { type: 'constant' value: 1 } } } "
         "  layer { name: 'conv' type: 'Convolution' bottom: 'data' top: 'conv' "
         "    convolution_param { num_output: 8 kernel_size: 3 weight_filler { type: 'xavier' } } "
         "} "
         "  layer { name: 'bn' type: 'BatchNorm' bottom: 'conv' top: 'bn' } "
         "  layer { name: 'scale' type: 'Scale' bottom: 'bn' top: 'bn' "
         "    scale_param { bias_term: true } } "
         "  layer { name: 'drop' type: 'Dropout' bottom: 'bn' top: 'bn' } "
         "  layer { name: 'fc' type: 'InnerProduct' bottom: 'bn' top: 'fc' "
         "    inner_product_param { num_output: 3 weight_filler { type: 'xavier' } } } "
         "  layer { name: 'loss' type: 'SoftmaxWithLoss' bottom: 'fc' bottom: 'label' } } "
         "channel_dropback_param { skip_layers: 0 selection: EACH_LAYER "
         "  layer_drop_rate { policy: 'adaptive' initial: 0.5 final: 1 } " +
         method + " } ";
}

template <typename TypeParam>
class ResumeTest : public MultiDeviceTest<TypeParam> {};

TYPED_TEST_SUITE(ResumeTest, TestDtypesAndDevices);

TYPED_TEST(ResumeTest, EndsInBitIdenticalWeights) {
  typedef typename TypeParam::Dtype Dtype;
  const struct {
    const char *type, *method;
  } cases[] = {{"SGD", ""},
               {"Nesterov", "mask: GRADIENT rescale: true lr_outside_momentum: true"},
               {"Adam", "mask: UPDATE"},
               {"ChannelDropBack", "mask: SKIP drop_bias: true freeze_unselected: true"}};
  for (const auto& with : cases) {
    const TempDir dir;
    const string text = Definition(with.type, "random_seed: 11", dir, with.method);
    auto whole = MakeSolver<Dtype>(text);
    whole->Solve();
    for (const int stop : {1, 4, 7}) {
      auto first = MakeSolver<Dtype>(text);
      first->Step(stop);
      first->Snapshot();
      auto second = MakeSolver<Dtype>(text);
      second->Solve(dir / ("run_iter_" + std::to_string(stop) + ".solverstate"));
      EXPECT_EQ(second->iter(), 10);
      EXPECT_EQ(AllData<Dtype>(whole->net()->params()), AllData<Dtype>(second->net()->params()));
      EXPECT_EQ(AllData<Dtype>(whole->history()), AllData<Dtype>(second->history()));
      EXPECT_EQ(AllData<Dtype>(whole->test_nets()[0]->output_blobs()),
                AllData<Dtype>(second->test_nets()[0]->output_blobs()));
      EXPECT_EQ(whole->channel_dropback()->plan().keep_words,
                second->channel_dropback()->plan().keep_words);
    }
  }
}

TYPED_TEST(ResumeTest, EndsInBitIdenticalWeightsFromHdf5) {
  typedef typename TypeParam::Dtype Dtype;
  const TempDir dir;
  const string text =
      "snapshot_format: HDF5 " + Definition("ChannelDropBack", "random_seed: 11", dir);
  auto whole = MakeSolver<Dtype>(text);
  whole->Solve();
  for (const int stop : {1, 7}) {
    auto first = MakeSolver<Dtype>(text);
    first->Step(stop);
    first->Snapshot();
    auto second = MakeSolver<Dtype>(text);
    second->Solve(dir / ("run_iter_" + std::to_string(stop) + ".solverstate.h5"));
    EXPECT_EQ(second->iter(), 10);
    EXPECT_EQ(AllData<Dtype>(whole->net()->params()), AllData<Dtype>(second->net()->params()));
    EXPECT_EQ(AllData<Dtype>(whole->history()), AllData<Dtype>(second->history()));
    EXPECT_EQ(AllData<Dtype>(whole->test_nets()[0]->output_blobs()),
              AllData<Dtype>(second->test_nets()[0]->output_blobs()));
  }
}

TYPED_TEST(ResumeTest, ADrawnSeedIsPartOfTheState) {
  typedef typename TypeParam::Dtype Dtype;
  const TempDir dir;
  const string text = Definition("SGD", "random_seed: -1", dir);
  Caffe::set_random_seed(12345);
  auto first = MakeSolver<Dtype>(text);
  EXPECT_EQ(first->random_seed(), 12345u);
  first->Step(5);
  first->Snapshot();
  first->Step(5);
  Caffe::set_random_seed(54321);
  auto second = MakeSolver<Dtype>(text);
  second->Restore((dir / "run_iter_5.solverstate").c_str());
  EXPECT_EQ(second->random_seed(), 12345u);
  second->Step(5);
  EXPECT_EQ(AllData<Dtype>(first->net()->params()), AllData<Dtype>(second->net()->params()));
}

class ResumeErrorsTest : public ::testing::Test {
 protected:
  ResumeErrorsTest() {
    Caffe::set_mode(Caffe::CPU);
    text_ = Definition("SGD", "random_seed: 1", dir_);
    auto solver = MakeSolver<float>(text_);
    solver->Step(2);
    solver->Snapshot();
    state_file_ = dir_ / "run_iter_2.solverstate";
    model_file_ = dir_ / "run_iter_2.caffemodel";
  }

  string RestoreError(const string& text) {
    try {
      MakeSolver<float>(text)->Restore(state_file_.c_str());
    } catch (const Error& error) {
      return error.what();
    }
    return "";
  }

  TempDir dir_;
  string text_, state_file_, model_file_;
};

TEST_F(ResumeErrorsTest, DamagedFiles) {
  const string model = ReadWholeFile(model_file_), state = ReadWholeFile(state_file_);
  WriteFileAtomically(model_file_, model.substr(0, model.size() - 1));
  EXPECT_NE(RestoreError(text_).find("is not the model that was written with the solver state"),
            string::npos);
  string flipped = model;
  flipped[model.size() / 2] ^= 1;
  WriteFileAtomically(model_file_, flipped);
  EXPECT_NE(RestoreError(text_).find("its checksum differs"), string::npos);
  std::filesystem::remove(model_file_);
  EXPECT_NE(RestoreError(text_).find("neither there nor beside"), string::npos);
  WriteFileAtomically(model_file_, model);
  EXPECT_EQ(RestoreError(text_), "");
  WriteFileAtomically(state_file_, state.substr(0, state.size() / 2));
  EXPECT_NE(RestoreError(text_).find(state_file_), string::npos);
  WriteFileAtomically(state_file_, "");
  EXPECT_NE(RestoreError(text_).find("is empty"), string::npos);
  std::filesystem::remove(state_file_);
  EXPECT_NE(RestoreError(text_).find("No such file"), string::npos);
}

TEST_F(ResumeErrorsTest, AnotherNet) {
  string wider = text_;
  wider.replace(wider.find("num_output: 8"), 13, "num_output: 9");
  EXPECT_NE(RestoreError(wider).find("has not the shape"), string::npos) << RestoreError(wider);
  EXPECT_NE(RestoreError("lr_policy: 'fixed' " + RegressionNet()).find("the net needs 2"),
            string::npos);
}

// A state of Caffe has none of our fields; it is accepted as it is.
TEST_F(ResumeErrorsTest, StatesOfCaffe) {
  SolverState state = ReadSolverState(state_file_);
  state.clear_random_seed();
  state.clear_learned_net_bytes();
  state.clear_learned_net_crc32();
  state.clear_train_progress();
  state.clear_test_progress();
  state.clear_solver_type();
  WriteFileAtomically(state_file_, state.SerializeAsString());
  auto solver = MakeSolver<float>(text_);
  solver->Restore(state_file_.c_str());
  EXPECT_EQ(solver->iter(), 2);
  NetProgress progress;
  solver->net()->GetProgress(&progress);
  EXPECT_EQ(progress.forward_passes(), 2u * 2);
  solver->Step(1);
  EXPECT_EQ(FindNewestSnapshot(dir_ / "run"), state_file_);
}

TEST_F(ResumeErrorsTest, DamagedHdf5Files) {
  const string text = "snapshot_format: HDF5 " + text_;
  auto solver = MakeSolver<float>(text);
  solver->Step(3);
  solver->Snapshot();
  state_file_ = dir_ / "run_iter_3.solverstate.h5";
  EXPECT_EQ(FindNewestSnapshot(dir_ / "run"), state_file_);
  EXPECT_EQ(RestoreError(text_), "");  // a state is known by its name, not by snapshot_format
  const string model = ReadWholeFile(dir_ / "run_iter_3.caffemodel.h5");
  WriteFileAtomically(dir_ / "run_iter_3.caffemodel.h5", model.substr(0, model.size() / 2));
  EXPECT_NE(RestoreError(text).find("is not the model that was written with"), string::npos);
  EXPECT_EQ(FindNewestSnapshot(dir_ / "run"), dir_ / "run_iter_2.solverstate");
  WriteFileAtomically(state_file_, model);
  EXPECT_NE(RestoreError(text).find("not a solver state"), string::npos);
  WriteFileAtomically(state_file_, model.substr(0, 100));
  EXPECT_NE(RestoreError(text).find("as an HDF5 file"), string::npos);
}

TEST_F(ResumeErrorsTest, AnotherNetInHdf5) {
  auto solver = MakeSolver<float>("snapshot_format: HDF5 " + text_);
  solver->Step(3);
  solver->Snapshot();
  state_file_ = dir_ / "run_iter_3.solverstate.h5";
  string wider = text_;
  wider.replace(wider.find("num_output: 8"), 13, "num_output: 9");
  EXPECT_NE(RestoreError(wider).find("'history/0' has shape 8x3x3x3, wanted is 9x3x3x3"),
            string::npos)
      << RestoreError(wider);
  EXPECT_NE(RestoreError("lr_policy: 'fixed' " + RegressionNet()).find("the net needs 2"),
            string::npos);
}

TEST(Hdf5State, ReadsWhatH5pyWrote) {
  const string file = string(CAFFE_TEST_DATA_DIR) + "/oracles/state.solverstate.h5";
  const SolverState state = ReadSolverState(file);
  EXPECT_EQ(state.iter(), 7);
  EXPECT_EQ(state.current_step(), 2);
  EXPECT_EQ(state.learned_net(), "net_iter_7.caffemodel.h5");
  EXPECT_FALSE(state.has_random_seed());
  const vector<shared_ptr<Blob<float>>> history{std::make_shared<Blob<float>>(vector<int>{2, 3}),
                                                std::make_shared<Blob<float>>(vector<int>{2})};
  ReadHdf5History(file, history);
  for (int b = 0; b < 2; ++b) {
    for (int i = 0; i < history[b]->count(); ++i) {
      EXPECT_EQ(history[b]->cpu_data()[i], oracle::Value("history." + std::to_string(b), i, 1));
    }
  }
}

}  // namespace
}  // namespace caffe
