// `caffe summary`.

#include <gmock/gmock.h>

#include <memory>

#include "caffe/util/db.hpp"
#include "tests/cli/run_caffe.hpp"

namespace caffe {
namespace {

using ::testing::ContainsRegex;
using ::testing::HasSubstr;

class SummaryTest : public CaffeRunner {
 protected:
  std::string Summary(const std::string& arguments) {
    const RunResult run = Run("summary " + arguments);
    EXPECT_EQ(run.exit_code, 0) << run.err;
    EXPECT_EQ(run.err, "");
    return run.out;
  }

  /// A data layer with these options, and a convolution with batch normalisation on it.
  void WriteConvolution(const std::string& data_layer) {
    dir_.Write("conv.prototxt",
               "name: 'c' layer { name: 'data' top: 'data' top: 'label' " + data_layer +
                   " }\n"
                   "layer { name: 'conv' type: 'Convolution' bottom: 'data' top: 'conv'"
                   " convolution_param { num_output: 4 kernel_size: 3 pad: 1 } }\n"
                   "layer { name: 'bn' type: 'BatchNorm' bottom: 'conv' top: 'conv' }\n"
                   "layer { name: 'silent' type: 'Silence' bottom: 'label' }\n");
  }
};

TEST_F(SummaryTest, CountsASmallNet) {
  WriteNet();
  const std::string text = Summary("net.prototxt");
  EXPECT_THAT(text, HasSubstr("net: tiny (phase TRAIN, batch of 4)"));
  EXPECT_THAT(text, ContainsRegex("data +DummyData +4x3, 4\n"));
  EXPECT_THAT(text, ContainsRegex("ip +InnerProduct +4x2 +8 +6\n"));
  EXPECT_THAT(text, HasSubstr("\nparameters: 8\n"));
  EXPECT_THAT(text, HasSubstr("\nmultiply-adds an image: 6\n"));
  EXPECT_THAT(text, ::testing::Not(HasSubstr("accuracy")));
  EXPECT_THAT(Summary("net.prototxt --phase=TEST"), HasSubstr("accuracy"));
}

TEST_F(SummaryTest, TakesTheNetOfASolver) {
  WriteSolver();
  EXPECT_THAT(Summary("solver.prototxt"), HasSubstr("\nparameters: 8\n"));
}

TEST_F(SummaryTest, NeedsNoDataSet) {
  WriteConvolution(
      "type: 'Data' data_param { source: 'none' batch_size: 8 backend: LMDB }"
      " transform_param { crop_size: 10 mean_value: 1 mean_value: 2 }");
  const std::string text = Summary("conv.prototxt");
  EXPECT_THAT(text, ContainsRegex("data +Data +8x2x10x10, 8\n"));
  // 4 x 2 x 3 x 3 weights and 4 biases; the three blobs of BatchNorm are not learned.
  EXPECT_THAT(text, ContainsRegex("conv +Convolution +8x4x10x10 +76 +7,200\n"));
  EXPECT_THAT(text, HasSubstr("\nparameters: 76\n"));
}

TEST_F(SummaryTest, ReadsTheShapeFromADatabaseThatIsThere) {
  {
    Datum datum;
    datum.set_channels(1);
    datum.set_height(7);
    datum.set_width(9);
    datum.set_data(std::string(63, 'x'));
    const std::unique_ptr<db::DB> database(db::GetDB(DataParameter::LMDB));
    database->Open(dir_ / "db", db::NEW);
    const std::unique_ptr<db::Transaction> transaction(database->NewTransaction());
    transaction->Put("0", datum.SerializeAsString());
    transaction->Commit();
  }
  const std::string layer = "type: 'Data' data_param { source: 'db' batch_size: 8 backend: LMDB }";
  WriteConvolution(layer);
  EXPECT_THAT(Summary("conv.prototxt"), ContainsRegex("data +Data +8x1x7x9, 8\n"));
  WriteConvolution(layer + " transform_param { crop_size: 5 mean_file: 'none' }");
  EXPECT_THAT(Summary("conv.prototxt"), ContainsRegex("data +Data +8x1x5x5, 8\n"));
}

TEST_F(SummaryTest, TellsAGuess) {
  WriteConvolution(
      "type: 'Data' data_param { source: 'none' batch_size: 8 backend: LMDB }"
      " transform_param { crop_size: 10 }");
  EXPECT_THAT(Summary("conv.prototxt"), HasSubstr("note: data: without its data set"));
  EXPECT_THAT(Summary("conv.prototxt --input_shape=8,1,10,10"),
              AllOf(HasSubstr("8x1x10x10"), ::testing::Not(HasSubstr("note:"))));
}

TEST_F(SummaryTest, UserGivesTheShape) {
  WriteConvolution("type: 'HDF5Data' hdf5_data_param { source: 'none' batch_size: 8 }");
  EXPECT_THAT(RunError("summary conv.prototxt"), HasSubstr("--input_shape=data="));
  EXPECT_THAT(Summary("conv.prototxt --input_shape=data=2,1,5,5"),
              ContainsRegex("data +HDF5Data +2x1x5x5, 2\n"));
  EXPECT_THAT(Summary("conv.prototxt --input_shape=2,1,5,5 --batch=7"),
              ContainsRegex("data +HDF5Data +7x1x5x5, 7\n"));
  EXPECT_THAT(RunError("summary conv.prototxt --input_shape='data=2,1,5,5;dato=1'"),
              HasSubstr("no input 'dato' (did you mean 'data'?)"));
  EXPECT_THAT(RunError("summary conv.prototxt --input_shape=data=2,x"),
              HasSubstr("'x' is no integer"));
}

TEST_F(SummaryTest, ImageDataOfGreyImagesHasOneChannel) {
  WriteConvolution(
      "type: 'ImageData' image_data_param { source: 'none' batch_size: 3"
      " new_height: 6 new_width: 9 is_color: false }");
  EXPECT_THAT(Summary("conv.prototxt"), ContainsRegex("data +ImageData +3x1x6x9, 3\n"));
}

TEST_F(SummaryTest, CountsResNet18) {
  const std::string text = Summary(CAFFE_SOURCE_DIR "/models/resnet18/cifar100/train_val.prototxt");
  EXPECT_THAT(text, HasSubstr("\nparameters: 11,220,132\n"));
}

TEST_F(SummaryTest, MistakesAreTold) {
  EXPECT_THAT(RunError("summary"), HasSubstr("usage: caffe summary NET"));
  EXPECT_THAT(RunError("summary none.prototxt"), HasSubstr("cannot read 'none.prototxt'"));
  dir_.Write("s.prototxt", "base_lr: 1\n");
  EXPECT_THAT(RunError("summary s.prototxt"), HasSubstr("names no net"));
}

TEST_F(SummaryTest, LayersOfOneNameHaveTheirOwnTypes) {
  dir_.Write("twins.prototxt",
             "layer { name: 'd' type: 'Input' top: 'x' top: 'y' input_param {"
             " shape { dim: 4 dim: 3 } shape { dim: 4 dim: 3 } } }\n"
             "layer { name: 'loss' type: 'SigmoidCrossEntropyLoss' bottom: 'x' bottom: 'y'"
             " top: 'a' }\n"
             "layer { name: 'loss' type: 'EuclideanLoss' bottom: 'x' bottom: 'y' top: 'b' }\n");
  EXPECT_THAT(Summary("twins.prototxt"), AllOf(ContainsRegex("loss +SigmoidCrossEntropyLoss"),
                                               ContainsRegex("loss +EuclideanLoss")));
}

TEST_F(SummaryTest, RefusesTheTypesThatTrainingRefuses) {
  WriteConvolution(
      "type: 'WindowData' window_data_param { source: 'w' batch_size: 2 }"
      " transform_param { crop_size: 10 }");
  for (const char* command : {"summary conv.prototxt", "time --model=conv.prototxt"}) {
    EXPECT_THAT(RunError(command),
                AllOf(HasSubstr("conv.prototxt:1"),
                      HasSubstr("unknown layer type 'WindowData': Caffe 1.0 has this type, but "
                                "this version does not have it yet")))
        << command;
  }
  dir_.Write("lstm.prototxt",
             "layer { name: 'd' type: 'Input' top: 'x' input_param { shape { dim: 4 } } }\n"
             "layer { name: 'l' type: 'LSTM' bottom: 'x' bottom: 'x' top: 'y' }\n");
  EXPECT_THAT(RunError("summary lstm.prototxt"),
              AllOf(HasSubstr("unknown layer type 'LSTM': Caffe 1.0 has this type"),
                    ::testing::Not(HasSubstr("did you mean"))));
}

}  // namespace
}  // namespace caffe
