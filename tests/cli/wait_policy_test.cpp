// How programs let OpenMP threads wait. libgomp itself tells what it has understood.

#include "caffe/util/wait_policy.hpp"

#include <gmock/gmock.h>
#include <unistd.h>

#include <string>

#include "tests/cli/run_caffe.hpp"

namespace caffe {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

class WaitPolicyTest : public CaffeRunner {
 protected:
  /// What libgomp shows of itself when a program starts.
  std::string Shown(const std::string& program, const std::string& environment) {
    const std::string command =
        "cd " + dir_.path() + " && env -u OMP_WAIT_POLICY -u GOMP_SPINCOUNT " +
        "OMP_DISPLAY_ENV=verbose " + environment + " " + program + " --help >out.txt 2>err.txt";
    EXPECT_EQ(std::system(command.c_str()), 0) << command;
    return dir_.Read("err.txt");
  }
};

TEST_F(WaitPolicyTest, ProgramsSpinForABoundedTime) {
  const std::filesystem::path folder = std::filesystem::path(CAFFE_PROGRAM).parent_path();
  for (const char* name :
       {"caffe", "compute_image_mean", "convert_cifar", "convert_imagenet", "convert_imageset",
        "convert_mnist", "convert_svhn", "lmdb_info", "lmdb_subset"}) {
    const std::string program = (folder / name).string();
    if (!std::filesystem::exists(program)) continue;
    EXPECT_THAT(Shown(program, ""), HasSubstr("GOMP_SPINCOUNT = '10000'")) << name;
  }
}

TEST_F(WaitPolicyTest, AUsersChoiceStays) {
  EXPECT_THAT(Shown(CAFFE_PROGRAM, "GOMP_SPINCOUNT=77"), HasSubstr("GOMP_SPINCOUNT = '77'"));
  const std::string passive = Shown(CAFFE_PROGRAM, "OMP_WAIT_POLICY=passive");
  EXPECT_THAT(passive, HasSubstr("OMP_WAIT_POLICY = 'PASSIVE'"));
  EXPECT_THAT(passive, HasSubstr("GOMP_SPINCOUNT = '0'"));
  EXPECT_THAT(Shown(CAFFE_PROGRAM, "OMP_WAIT_POLICY=active"),
              Not(HasSubstr("GOMP_SPINCOUNT = '10000'")));
}

TEST_F(WaitPolicyTest, NameArgumentsAndEnvironmentStay) {
  WriteNet();
  const std::string command =
      "cd " + dir_.path() +
      " && env -u OMP_WAIT_POLICY -u GOMP_SPINCOUNT MARK='a b' " CAFFE_PROGRAM
      " time --model=net.prototxt --iterations=1000000000 2>err.txt & pid=$!; cd " +
      dir_.path() +
      "; until grep -q 'Iteration: 1 ' err.txt; do sleep 0.02; done; "
      "tr '\\0' '\\n' </proc/$pid/environ >environ.txt; cat /proc/$pid/comm >comm.txt; "
      "tr '\\0' ' ' </proc/$pid/cmdline >cmdline.txt; kill $pid; wait $pid";
  EXPECT_EQ(WEXITSTATUS(std::system(command.c_str())), 143);
  EXPECT_EQ(dir_.Read("comm.txt"), "caffe\n");
  EXPECT_THAT(dir_.Read("environ.txt"), HasSubstr("MARK=a b\n"));
  EXPECT_EQ(dir_.Read("cmdline.txt"),
            CAFFE_PROGRAM " time --model=net.prototxt --iterations=1000000000 ");
}

TEST_F(WaitPolicyTest, AProgramOfTheLibrarysUserCanAskForIt) {
  const pid_t child = fork();
  if (child == 0) {
    unsetenv("OMP_WAIT_POLICY");
    unsetenv("GOMP_SPINCOUNT");
    setenv("OMP_DISPLAY_ENV", "verbose", 1);
    char name[] = "cli_test", list[] = "--gtest_list_tests";
    char* argv[] = {name, list, nullptr};
    if (freopen((dir_ / "err.txt").c_str(), "w", stderr) == nullptr ||
        freopen((dir_ / "out.txt").c_str(), "w", stdout) == nullptr) {
      _exit(127);
    }
    RestartWithBoundedSpin(argv);
    _exit(126);
  }
  int status = 0;
  waitpid(child, &status, 0);
  EXPECT_EQ(WEXITSTATUS(status), 0);
  EXPECT_THAT(dir_.Read("out.txt"), HasSubstr("WaitPolicyTest"));
  EXPECT_THAT(dir_.Read("err.txt"), HasSubstr("GOMP_SPINCOUNT = '10000'"));
}

}  // namespace
}  // namespace caffe
