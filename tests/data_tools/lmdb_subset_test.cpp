// Runs lmdb_subset on databases made here.

#include <gtest/gtest.h>

#include "tests/data_tools/tool_test_util.hpp"

namespace caffe {
namespace {

class LmdbSubsetTest : public ::testing::Test {
 protected:
  void SetUp() override {
    for (int i = 0; i < 12; ++i) {
      Datum datum;
      datum.set_channels(1);
      datum.set_height(2);
      datum.set_width(3);
      datum.set_data(string(6, static_cast<char>('a' + i)));
      datum.set_label(100 - i);
      records_.emplace_back("key_" + string(1, static_cast<char>('a' + i)),
                            datum.SerializeAsString());
    }
    WriteLmdb(dir_ / "in", records_);
  }
  string Command(const string& arguments) const {
    return "cd " + string(dir_ / "") + " && " + LMDB_SUBSET + " " + arguments;
  }

  TemporaryDirectory dir_;
  vector<std::pair<string, string>> records_;
};

TEST_F(LmdbSubsetTest, CopiesTheFirstRecordsAsTheyAre) {
  const Outcome outcome = RunCommand(Command("--records 5 in new/folder/out"));
  EXPECT_EQ(outcome.code, 0) << outcome.output;
  EXPECT_NE(outcome.output.find("out: 5 records"), string::npos) << outcome.output;
  const auto found = ReadAll(dir_ / "new/folder/out");
  ASSERT_EQ(found.size(), 5);
  for (size_t i = 0; i < found.size(); ++i) {
    EXPECT_EQ(found[i].first, records_[i].first);
    EXPECT_EQ(found[i].second.SerializeAsString(), records_[i].second);
  }
}

TEST_F(LmdbSubsetTest, CopiesAllOfThem) {
  EXPECT_EQ(RunCommand(Command("--records 12 in out/")).code, 0);
  EXPECT_EQ(ReadAll(dir_ / "out").size(), 12);
}

TEST_F(LmdbSubsetTest, ReplacesOnlyWhereItIsTold) {
  EXPECT_EQ(RunCommand(Command("--records 5 in out")).code, 0);
  ExpectFailure(Command("--records 3 in out"), {"out", "--force"}, dir_ / "", {"in", "out"});
  EXPECT_EQ(ReadAll(dir_ / "out").size(), 5);
  EXPECT_EQ(RunCommand(Command("--force --records 3 in out")).code, 0);
  EXPECT_EQ(ReadAll(dir_ / "out").size(), 3);
}

TEST_F(LmdbSubsetTest, RefusesWhatItCannotDo) {
  const vector<string> left{"in"};
  ExpectFailure(Command("--records 13 in out"), {"--records is 13", "in has 12"}, dir_ / "", left);
  ExpectFailure(Command("in out"), {"--records is 0"}, dir_ / "", left);
  ExpectFailure(Command("--records 3 in"), {"Wanted IN and OUT, found 1"}, dir_ / "", left);
  ExpectFailure(Command("--records 3 absent out"), {"absent"}, dir_ / "", left);
}

TEST_F(LmdbSubsetTest, NamesARecordThatIsNoDatum) {
  records_[2].second = "no datum";
  WriteLmdb(dir_ / "bad", records_);
  ExpectFailure(Command("--records 4 bad out"), {"bad", "'key_c'", "no Datum"}, dir_ / "",
                {"bad", "in"});
}

}  // namespace
}  // namespace caffe
