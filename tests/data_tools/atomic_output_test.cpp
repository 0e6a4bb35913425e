#include "data_tools/atomic_output.hpp"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>

#include "tests/data_tools/tool_test_util.hpp"

namespace caffe {
namespace {

const std::vector<std::string> kNames{"list", "db"};

/// The names in a directory, in byte order.
std::vector<std::string> NamesIn(const fs::path& directory) {
  std::vector<std::string> names;
  for (const auto& entry : fs::directory_iterator(directory)) {
    names.push_back(entry.path().filename());
  }
  std::sort(names.begin(), names.end());
  return names;
}

TEST(AtomicOutputTest, ShowsNothingBeforeCommit) {
  const TemporaryDirectory dir;
  for (const char* where : {"", "new", "new/deep/er"}) {
    const std::string place = dir / where;
    AtomicOutput output(place, kNames, false);
    Write(output.path("db") / "data", "1");
    EXPECT_FALSE(std::filesystem::exists(output.final_path("db")));
    output.Commit();
    EXPECT_EQ(ReadBytes(place + "/db/data"), "1");
    std::filesystem::remove_all(place + "/db");
  }
}

TEST(AtomicOutputTest, OfTwoToolsWithOneOutputOneLoses) {
  const TemporaryDirectory dir;
  for (const char* where : {"", "new"}) {
    for (const bool force : {false, true}) {
      const std::string place = dir / where;
      AtomicOutput second(place, kNames, force);
      Write(second.path("db") / "data", "second");
      const pid_t child = fork();
      if (child == 0) {
        AtomicOutput first(place, kNames, false);
        Write(first.path("db") / "data", "first");
        first.Commit();
        _exit(0);
      }
      int status = 0;
      ASSERT_EQ(waitpid(child, &status, 0), child);
      ASSERT_EQ(status, 0);
      if (force) {
        second.Commit();
      } else {
        ExpectError([&] { second.Commit(); }, {"db exists already", "--force"});
      }
      EXPECT_EQ(ReadBytes(place + "/db/data"), force ? "second" : "first");
      std::filesystem::remove_all(place + "/db");
      if (*where != '\0') std::filesystem::remove_all(place);
    }
  }
}

TEST(AtomicOutputTest, LeavesNothingWithoutCommit) {
  const TemporaryDirectory dir;
  for (const char* where : {"", "new/deep/er"}) {
    AtomicOutput output(dir / where, kNames, false);
    Write(output.path("db"), "1");
  }
  EXPECT_EQ(NamesIn(dir / ""), std::vector<std::string>());
}

TEST(AtomicOutputTest, ReplacesIfForcedAndTakesAwayWhatIsNotMadeAnew) {
  const TemporaryDirectory dir;
  Write(dir / "db", "old");
  Write(dir / "list", "old");
  Write(dir / "other", "mine");
  ExpectError([&] { AtomicOutput(dir / "", kNames, false); }, {"list exists already", "--force"});
  {
    AtomicOutput output(dir / "", kNames, true);
    Write(output.path("db"), "new");
    EXPECT_EQ(ReadBytes(dir / "db"), "old");
    output.Commit();
  }
  EXPECT_EQ(ReadBytes(dir / "db"), "new");
  EXPECT_EQ(NamesIn(dir / ""), (std::vector<std::string>{"db", "other"}));
}

TEST(AtomicOutputTest, RemovesWhatAKilledToolLeft) {
  const TemporaryDirectory dir;
  const pid_t child = fork();
  if (child == 0) {
    AtomicOutput output(dir / "", kNames, false);
    Write(output.path("db"), "half");
    kill(getpid(), SIGKILL);
  }
  waitpid(child, nullptr, 0);
  ASSERT_EQ(NamesIn(dir / "").size(), 1u);
  EXPECT_NE(NamesIn(dir / "")[0], "db");
  {
    AtomicOutput living(dir / "", kNames, false);
    Write(living.path("db"), "1");
    EXPECT_EQ(NamesIn(dir / "").size(), 1u) << "the killed tool's is gone";
    // A directory in use stays, and what only looks like one.
    const std::string name = NamesIn(dir / "")[0];
    fs::create_directory(dir / "output.tmp-0");
    fs::create_directory(dir / "output.tmp-notes");
    const pid_t other = fork();
    if (other == 0) {
      { const AtomicOutput beside(dir / "", kNames, false); }
      _exit(0);
    }
    waitpid(other, nullptr, 0);
    EXPECT_EQ(NamesIn(dir / ""), (std::vector<std::string>{name, "output.tmp-notes"}));
    living.Commit();
  }
  EXPECT_EQ(NamesIn(dir / ""), (std::vector<std::string>{"db", "output.tmp-notes"}));
}

TEST(AtomicOutputTest, GoesOnWithWhatWasKept) {
  const TemporaryDirectory dir;
  for (const std::string place : {dir / "new", dir / ""}) {
    const pid_t child = fork();
    if (child == 0) {
      AtomicOutput output(place, kNames, false, {.key = "a\nb\n"});
      Write(output.path("db") / "data", "half");
      Write(output.note_path("note"), "so far");
      kill(getpid(), SIGKILL);
    }
    waitpid(child, nullptr, 0);
    EXPECT_FALSE(fs::exists(place + "/db"));
    ExpectError([&] { AtomicOutput(place, kNames, false, {.key = "a\nc\n"}); },
                {".partial", "'b' there, 'c' here", "--restart"});
    ExpectError([&] { AtomicOutput(place, kNames, false, {.key = "a\n"}); },
                {"'b' there, 'nothing' here"});
    {
      AtomicOutput output(place, kNames, false, {.key = "a\nb\n"});
      EXPECT_TRUE(output.resumed());
      EXPECT_EQ(ReadBytes(output.path("db") / "data"), "half");
      EXPECT_EQ(ReadBytes(output.note_path("note")), "so far");
      ExpectError([&] { AtomicOutput(place, kNames, false, {.key = "a\nb\n"}); },
                  {"Another program", ".partial"});
    }
    AtomicOutput output(place, kNames, false, {.key = "a\nb\n"});
    EXPECT_TRUE(output.resumed()) << "a failure left it there";
    Write(output.path("db") / "data", "whole");
    output.Commit();
    EXPECT_EQ(ReadBytes(place + "/db/data"), "whole");
    EXPECT_FALSE(fs::exists(place + "/note"));
  }
  EXPECT_EQ(NamesIn(dir / ""), (std::vector<std::string>{"db", "new"}));
}

TEST(AtomicOutputTest, AFailureBeforeAnythingIsKeptLeavesNothing) {
  const TemporaryDirectory dir;
  {
    AtomicOutput output(dir / "new/deep", kNames, false, {.key = "a"});
    EXPECT_FALSE(output.resumed());
    Write(output.path("db"), "1");
  }
  EXPECT_EQ(NamesIn(dir / ""), std::vector<std::string>());
  {
    AtomicOutput output(dir / "new", kNames, false, {.key = "a"});
    Write(output.path("db"), "1");
    output.Keep();
  }
  EXPECT_EQ(NamesIn(dir / ""), std::vector<std::string>{"new.partial"});
  AtomicOutput output(dir / "new", kNames, false, {.key = "b", .restart = true});
  EXPECT_FALSE(output.resumed());
  EXPECT_FALSE(fs::exists(output.path("db")));
}

}  // namespace
}  // namespace caffe
