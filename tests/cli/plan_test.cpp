// `caffe plan`.

#include <gmock/gmock.h>

#include <cmath>
#include <map>
#include <memory>

#include "caffe/cli/channel_picture.hpp"
#include "caffe/cli/text_table.hpp"
#include "caffe/util/db.hpp"
#include "tests/cli/run_caffe.hpp"

namespace caffe {
namespace {

using ::testing::ContainsRegex;
using ::testing::HasSubstr;
using ::testing::Not;

class PlanTest : public CaffeRunner {
 protected:
  /// A solver on a net whose layers a, b and c have 20, 12 and 2 channels.
  void WriteDropSolver(const std::string& method, const std::string& more = "") {
    dir_.Write("net.prototxt",
               "name: 'n' layer { name: 'data' type: 'DummyData' top: 'data' top: 'label'"
               " dummy_data_param { shape { dim: 4 dim: 6 } shape { dim: 4 } } }\n"
               "layer { name: 'a' type: 'InnerProduct' bottom: 'data' top: 'a'"
               " inner_product_param { num_output: 20 } }\n"
               "layer { name: 'b' type: 'InnerProduct' bottom: 'a' top: 'b'"
               " inner_product_param { num_output: 12 } }\n"
               "layer { name: 'c' type: 'InnerProduct' bottom: 'b' top: 'c'"
               " inner_product_param { num_output: 2 } }\n"
               "layer { name: 'loss' type: 'SoftmaxWithLoss' bottom: 'c' bottom: 'label' }\n");
    dir_.Write("solver.prototxt",
               "net: 'net.prototxt' base_lr: 0.1 lr_policy: 'multistep' gamma: 0.1\n"
               "stepvalue: 10 stepvalue: 20 max_iter: 40 display: 1 random_seed: 3\n"
               "snapshot_after_train: false solver_mode: CPU type: 'ChannelDropBack'\n"
               "channel_dropback_param { skip_layers: 0 " +
                   method + " }\n" + more);
  }

  /// Samples of 2 x 3 x 3 with label 0.
  void WriteDatabase(const std::string& name, int samples) {
    Datum datum;
    datum.set_channels(2);
    datum.set_height(3);
    datum.set_width(3);
    datum.set_data(std::string(18, 'x'));
    datum.set_label(0);
    const std::unique_ptr<db::DB> database(db::GetDB(DataParameter::LMDB));
    database->Open(dir_ / name, db::NEW);
    const std::unique_ptr<db::Transaction> transaction(database->NewTransaction());
    for (int i = 0; i < samples; ++i) {
      transaction->Put(std::to_string(100 + i), datum.SerializeAsString());
    }
    transaction->Commit();
  }

  std::string Plan(const std::string& arguments) {
    const RunResult run = Run("plan " + arguments);
    EXPECT_EQ(run.exit_code, 0) << run.err;
    EXPECT_EQ(run.err, "");
    return run.out;
  }
};

TEST_F(PlanTest, TellsOptionsLayersAndRates) {
  WriteDropSolver(
      "layer_drop_rate { policy: 'adaptive' initial: 0.1 final: 0.5 }"
      " layer { name: 'c' eligible: false }");
  const std::string text = Plan("solver.prototxt");
  EXPECT_THAT(text, ContainsRegex("selection +ONE_LAYER\n"));
  EXPECT_THAT(text, ContainsRegex("skip_layers +0 +set\n"));
  EXPECT_THAT(text, HasSubstr("learning rate: multistep from 0.1, falls at 10, 20\n"));
  EXPECT_THAT(text, HasSubstr("layers: 2 of 3 with weights are eligible, with 32 channels\n"));
  EXPECT_THAT(text, ContainsRegex("a +InnerProduct +20x6 +20 +yes, probability 0.5\n"));
  EXPECT_THAT(text, ContainsRegex("c +InnerProduct +2x12 +- +no: left out by 'c'\n"));
  // 0.1 * 0.5 of 32 channels once (120 + 240) / 2 of 418 weights: mean over both layers.
  EXPECT_THAT(text, ContainsRegex("\n +0 +0.1 +0.1 +0.5 +2.5 % +2.15 %\n"));
  EXPECT_THAT(text, ContainsRegex("\n +10 +0.01 +0.3 +0.5 +7.5 % +6.46 % +change\n"));
  EXPECT_THAT(text, ContainsRegex("\n +20 +0.001 +0.5 +0.5 +12.5 % +10.8 % +change\n"));
  EXPECT_THAT(text, ContainsRegex("\n +39 +0.001 +0.5 +0.5 +12.5 % +10.8 %\n"));
  // A quarter of the run at 2.5 %, a quarter at 7.5 %, half at 12.5 %.
  EXPECT_THAT(text, ContainsRegex("\n +mean +8.75 % +7.54 %\n"));
}

/// What each iteration drops from: layer name -> number of channels.
using Drops = std::map<int, std::map<std::string, int>>;

Drops PlansIn(const std::string& text) {
  Drops drops;
  std::istringstream lines(text.substr(text.find("plans that choose a layer")));
  int iteration = -1;
  for (std::string line; std::getline(lines, line);) {
    std::smatch match;
    if (!std::regex_search(line, match, std::regex("^ *(\\d*) +([abc]) +(\\d+) of \\d+ ")))
      continue;
    if (match[1].length() > 0) iteration = std::stoi(match[1]);
    drops[iteration][match[2]] = std::stoi(match[3]);
  }
  return drops;
}

/// The layers and the number of channels that the log of a run with `display: 1` tells of.
struct LoggedDrops {
  std::map<int, std::map<std::string, int>> layers;
  std::map<int, int> channels;
};

LoggedDrops DropsInLog(const RunResult& run, int all_channels) {
  LoggedDrops drops;
  int iteration = -1;
  for (const std::string& message : run.LogMessages()) {
    std::smatch match;
    if (std::regex_match(message, match, std::regex("Iteration (\\d+), lr = .*"))) {
      iteration = std::stoi(match[1]);
    }
    if (!std::regex_search(message, match, std::regex("masked (\\S+) % of channels in 1 it"))) {
      continue;
    }
    const std::string hits = match.suffix();
    drops.channels[iteration] =
        static_cast<int>(std::lround(std::stod(match[1]) / 100 * all_channels));
    const std::regex hit("[(,] ?([abc]) x1");
    for (std::sregex_iterator i(hits.begin(), hits.end(), hit), end; i != end; ++i) {
      drops.layers[iteration][(*i)[1]] = 1;
    }
  }
  return drops;
}

TEST_F(PlanTest, IsWhatTrainingDraws) {
  for (const char* method :
       {"layer_drop_rate { value: 0.4 }", "selection: EACH_LAYER layer_drop_rate { value: 0.6 }"}) {
    WriteDropSolver(method);
    const Drops planned = PlansIn(Plan("solver.prototxt --plans 1000"));
    const RunResult run = Run("train --solver=solver.prototxt");
    ASSERT_EQ(run.exit_code, 0) << run.err;
    const LoggedDrops logged = DropsInLog(run, 34);
    ASSERT_EQ(logged.channels.size(), 40u);
    EXPECT_GT(planned.size(), 8u);
    EXPECT_EQ(planned.size(), logged.layers.size());
    for (const auto& [iteration, layers] : planned) {
      int channels = 0;
      for (const auto& [layer, count] : layers) {
        channels += count;
        EXPECT_TRUE(logged.layers.at(iteration).count(layer)) << iteration << " " << layer;
      }
      EXPECT_EQ(layers.size(), logged.layers.at(iteration).size()) << iteration;
      EXPECT_EQ(channels, logged.channels.at(iteration)) << iteration;
    }
  }
}

TEST_F(PlanTest, TheFirstPlansAreChosenByNumber) {
  WriteDropSolver("layer_drop_rate { value: 1 }");
  EXPECT_EQ(PlansIn(Plan("solver.prototxt --plans 3")).size(), 3u);
  EXPECT_THAT(Plan("solver.prototxt --plans 0"), Not(HasSubstr("choose a layer")));
  EXPECT_THAT(Plan("--solver=solver.prototxt"), HasSubstr("the first 5 plans that choose a layer"));
  WriteDropSolver("layer_drop_rate { value: 0 }");
  EXPECT_THAT(Plan("solver.prototxt"), HasSubstr("no iteration chooses a layer"));
}

TEST_F(PlanTest, PlotsRates) {
  WriteDropSolver("layer_drop_rate { policy: 'linear' initial: 0 final: 1 end_iter: 40 }");
  EXPECT_THAT(Plan("solver.prototxt --plot rates.svg"), HasSubstr("wrote rates.svg\n"));
  const std::string svg = dir_.Read("rates.svg");
  EXPECT_EQ(svg.find("<svg "), 0u);
  for (const char* text : {"ChannelDropBack, n", "layer drop rate", "channel drop rate",
                           "learning rate", "channels", "weights"}) {
    EXPECT_THAT(svg, HasSubstr(std::string(">") + text + "</text>"));
  }
}

TEST_F(PlanTest, AnySolverThatCarriesTheMethod) {
  WriteDropSolver("");
  std::string solver = dir_.Read("solver.prototxt");
  solver.replace(solver.find("ChannelDropBack"), 15, "Nesterov");
  dir_.Write("solver.prototxt", solver);
  EXPECT_THAT(Plan("solver.prototxt"), HasSubstr("(type Nesterov)"));
}

TEST_F(PlanTest, NeedsNoDataSetNorTestNetsNorWeights) {
  WriteDropSolver("", "test_iter: 1 test_interval: 5 weights: 'none.caffemodel' snapshot: 1");
  std::string net = dir_.Read("net.prototxt");
  dir_.Write("net.prototxt",
             "layer { name: 'data' type: 'Data' top: 'data' top: 'label' data_param {"
             " source: 'none' batch_size: 4 } transform_param { crop_size: 3 mean_value: 1"
             " mean_value: 2 } }\n" +
                 net.substr(net.find('\n') + 1));
  EXPECT_THAT(Plan("solver.prototxt"), ContainsRegex("a +InnerProduct +20x18 +20 "));
  EXPECT_THAT(Plan("solver.prototxt --input_shape=4,1,2,2"),
              ContainsRegex("a +InnerProduct +20x4 +20 "));
}

TEST_F(PlanTest, EpochsAreThoseOfTheDataSet) {
  WriteDropSolver("semantics: REFERENCE skip_layers: 0");
  std::string solver = dir_.Read("solver.prototxt");
  solver.replace(solver.find("skip_layers: 0 "), 15, "");
  dir_.Write("solver.prototxt", solver + "iter_size: 2");
  const std::string net = dir_.Read("net.prototxt");
  dir_.Write("net.prototxt",
             "layer { name: 'data' type: 'Data' top: 'data' top: 'label' data_param {"
             " source: 'db' batch_size: 4 } transform_param { crop_size: 3 mean_value: 1"
             " mean_value: 2 } }\n" +
                 net.substr(net.find('\n') + 1));
  EXPECT_THAT(RunError("plan solver.prototxt"), HasSubstr("--samples=N"));
  // Three iterations of 8 are an epoch; the learning rate falls at 10 and 20, in epochs 3 and 7,
  // so that the drop rate rises with epochs 5 and 9.
  const std::string given = Plan("solver.prototxt --samples=17");
  EXPECT_THAT(given, HasSubstr("iterations_per_epoch: 3"));
  EXPECT_THAT(given, ContainsRegex("\n +15 +0.01 +0.15 +0.3 .*change\n"));
  EXPECT_THAT(given, ContainsRegex("\n +27 +0.001 +0.3 +0.3 .*change\n"));
  WriteDatabase("db", 17);
  EXPECT_EQ(Plan("solver.prototxt"), given);
  const RunResult run = Run("train --solver=solver.prototxt");
  ASSERT_EQ(run.exit_code, 0) << run.err;
  EXPECT_EQ(run.Count(".*ChannelDropBack: layer drop rate = 0.15, .*"), 12) << "15 to 26";
}

TEST_F(PlanTest, StagesReachTheNet) {
  WriteDropSolver("");
  dir_.Write("net.prototxt", dir_.Read("net.prototxt") +
                                 "layer { name: 'extra' type: 'InnerProduct' bottom: 'data'"
                                 " top: 'extra' inner_product_param { num_output: 1 }"
                                 " include { stage: 'more' } }");
  EXPECT_THAT(Plan("solver.prototxt"), Not(HasSubstr("extra")));
  EXPECT_THAT(Plan("solver.prototxt --stage=more"), HasSubstr("extra"));
  dir_.Write("solver.prototxt", dir_.Read("solver.prototxt") + "train_state { stage: 'more' }\n");
  EXPECT_THAT(Plan("solver.prototxt"), HasSubstr("extra"));
}

TEST_F(PlanTest, MistakesAreTold) {
  EXPECT_THAT(RunError("plan"), HasSubstr("--solver=FILE"));
  EXPECT_THAT(RunError("plan none.prototxt"), HasSubstr("cannot read 'none.prototxt'"));
  WriteSolver();
  EXPECT_THAT(RunError("plan solver.prototxt"),
              HasSubstr("solver.prototxt: this solver (type SGD) drops nothing"));
  EXPECT_THAT(RunError("plan net.prototxt"), HasSubstr("defines a net"));
  EXPECT_THAT(RunError("plan solver.prototxt --solver=solver.prototxt"), HasSubstr("give one"));
  WriteDropSolver("");
  EXPECT_THAT(RunError("plan solver.prototxt --plans=-1"), HasSubstr("--plans is -1"));
  EXPECT_THAT(RunError("plan solver.prototxt --plot=rates.png"), HasSubstr("ends in .svg"));
  EXPECT_THAT(RunError("plan solver.prototxt --plot=none/rates.svg"),
              HasSubstr("there is no directory 'none'"));
  std::filesystem::create_directory(dir_ / "folder.svg");
  EXPECT_THAT(RunError("plan solver.prototxt --plot=folder.svg"), HasSubstr("is a directory"));
}

TEST(ChannelPictureTest, ADotIsAChannelThatIsUpdated) {
  EligibleLayer layer;
  layer.channels = 520;
  layer.first_word = 1;
  DropPlan plan;
  plan.keep_words.assign(18, 0);
  // Channels 0, 7, 8 and 513: dots 1 and 8, dot 1, dot 2.
  plan.keep_words[1] = 1u << 0 | 1u << 7 | 1u << 8;
  plan.keep_words[17] = 1u << 1;
  const std::vector<std::string> lines = cli::ChannelPicture(plan, layer);
  ASSERT_EQ(lines.size(), 2u);
  EXPECT_EQ(lines[0].substr(0, 9), "\u2881\u2801\u2800");
  EXPECT_EQ(lines[0].size(), 64u * 3);
  EXPECT_EQ(lines[1], "\u2802");
}

TEST(TextTableTest, AlignsColumns) {
  cli::TextTable table("lr", 1);
  table.Add({"a", "100"});
  table.Add({"long", "5"});
  table.Add({"b"});
  EXPECT_EQ(table.ToText(), " a     100\n long    5\n b\n");
  EXPECT_EQ(cli::WithCommas(-1234567), "-1,234,567");
  EXPECT_EQ(cli::WithCommas(999), "999");
  EXPECT_EQ(cli::PercentText(0.00451), "0.451 %");
}

}  // namespace
}  // namespace caffe
