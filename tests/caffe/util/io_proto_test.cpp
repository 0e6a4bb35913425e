#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "caffe/util/io.hpp"
#include "tests/caffe/util/temp_dir.hpp"

namespace caffe {
namespace {

using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::StartsWith;

class IoProtoTest : public ::testing::Test {
 protected:
  string ReadTextError(const string& content) {
    const string file = dir_.Write("net.prototxt", content);
    NetParameter net;
    const string message = ErrorOf([&] { ReadProtoFromTextFileOrDie(file, &net); });
    EXPECT_THAT(message, StartsWith(file)) << "the file is named";
    return message.substr(std::min(file.size(), message.size()));
  }

  TempDir dir_;
};

TEST_F(IoProtoTest, AByteOrderMarkIsSkipped) {
  NetParameter net;
  ReadProtoFromTextFileOrDie(dir_.Write("bom.prototxt", "\xEF\xBB\xBFname: 'small'"), &net);
  EXPECT_EQ(net.name(), "small");
}

TEST_F(IoProtoTest, TextAndBinaryFilesKeepTheMessage) {
  NetParameter net;
  net.set_name("small");
  net.add_layer()->set_name("conv");
  net.mutable_layer(0)->mutable_convolution_param()->add_kernel_size(3);
  WriteProtoToTextFile(net, dir_ / "a.prototxt");
  WriteProtoToBinaryFile(net, dir_ / "a.caffemodel");
  NetParameter text, binary;
  EXPECT_TRUE(ReadProtoFromTextFile(dir_ / "a.prototxt", &text));
  EXPECT_TRUE(ReadProtoFromBinaryFile(dir_ / "a.caffemodel", &binary));
  text.mutable_layer(0)->clear_source_location();
  EXPECT_EQ(text.SerializeAsString(), net.SerializeAsString());
  EXPECT_EQ(binary.SerializeAsString(), net.SerializeAsString());
}

TEST_F(IoProtoTest, WritingReplacesALongerFile) {
  dir_.Write("a.prototxt", string(1000, 'x'));
  NetParameter net;
  net.set_name("n");
  WriteProtoToTextFile(net, dir_ / "a.prototxt");
  EXPECT_EQ(dir_.Read("a.prototxt"), "name: \"n\"\n");
}

TEST_F(IoProtoTest, LayersKnowTheirLines) {
  const string file = dir_.Write("net.prototxt",
                                 "name: 'n'\n"
                                 "layer { name: 'a' }\n"
                                 "# a comment\n"
                                 "layer {\n  name: 'b'\n}\n");
  NetParameter net;
  ReadProtoFromTextFileOrDie(file, &net);
  ASSERT_EQ(net.layer_size(), 2);
  EXPECT_EQ(net.layer(0).source_location(), "net.prototxt:2");
  EXPECT_EQ(net.layer(1).source_location(), "net.prototxt:4");
}

TEST_F(IoProtoTest, LayersInsideASolverKnowTheirLines) {
  const string file = dir_.Write("solver.prototxt",
                                 "base_lr: 1\nnet_param {\n  layer { name: 'a' }\n}\n"
                                 "test_net_param { }\ntest_net_param {\n\n layer { } }\n");
  SolverParameter solver;
  ReadProtoFromTextFileOrDie(file, &solver);
  EXPECT_EQ(solver.net_param().layer(0).source_location(), "solver.prototxt:3");
  EXPECT_EQ(solver.test_net_param(1).layer(0).source_location(), "solver.prototxt:8");
}

TEST_F(IoProtoTest, UnknownFieldIsNamedWithTheNearest) {
  EXPECT_EQ(ReadTextError("layer {\n  name: 'p'\n  pooling_param { kernelsize: 3 }\n}\n"),
            ":3:19: 'layer.pooling_param' has no field 'kernelsize' (did you mean "
            "'kernel_size'?)");
  EXPECT_EQ(ReadTextError("nam: 'x'\n"),
            ":1:1: NetParameter has no field 'nam' (did you mean 'name'?)");
}

TEST_F(IoProtoTest, UnknownFieldThatIsPartOfAnotherMessage) {
  EXPECT_THAT(ReadTextError("layer { num_output: 3 }\n"),
              HasSubstr("(it belongs in convolution_param or embed_param or"));
}

TEST_F(IoProtoTest, UnknownEnumValueIsNamedWithTheKnownOnes) {
  EXPECT_EQ(ReadTextError("layer {\n  pooling_param {\n    pool: MAXX\n    stride: 1\n  }\n}\n"),
            ":3:11: 'layer.pooling_param.pool' cannot be 'MAXX' (did you mean 'MAX'?); known "
            "values: MAX AVE STOCHASTIC");
}

TEST_F(IoProtoTest, OtherMistakesNameTheField) {
  EXPECT_THAT(ReadTextError("layer {\n  pooling_param { stride: two }\n}\n"),
              AllOf(StartsWith(":2:27: in 'layer.pooling_param.stride': "), HasSubstr("two")));
  EXPECT_THAT(ReadTextError("name: 'a'\nname: 'b'\n"),
              AllOf(StartsWith(":2:"), HasSubstr("'name'"), HasSubstr("multiple times")));
  EXPECT_THAT(ReadTextError("layer {\n name: 'a'\n"), StartsWith(":3:1: in 'layer"));
  EXPECT_THAT(ReadTextError("layer { clip_param { min: 1 } }"), HasSubstr("max"));
}

TEST_F(IoProtoTest, CutAndGarbledTextGivesErrorsThatNameTheFile) {
  const string whole =
      "name: 'n' layer { name: \"a\" convolution_param { engine: CAFFE pad: [2, 3] } }\n"
      "layer < type: 'x' # comment\n loss_weight: -1.5e3 include { phase: TEST } >";
  NetParameter net;
  ASSERT_TRUE(ReadProtoFromTextFile(dir_.Write("whole", whole), &net));
  for (size_t i = 0; i < whole.size(); ++i) {
    for (const char put : {'\0', '}', '"'}) {
      string text = put == '\0' ? whole.substr(0, i) : whole;
      if (put != '\0') text[i] = put;
      const string file = dir_.Write("cut", text);
      const string message = ErrorOf([&] { ReadProtoFromTextFileOrDie(file, &net); });
      if (!message.empty()) EXPECT_THAT(message, StartsWith(file + ":")) << text;
    }
  }
}

TEST_F(IoProtoTest, BoolVersionsReturnFalse) {
  NetParameter net;
  EXPECT_FALSE(ReadProtoFromTextFile(dir_ / "missing", &net));
  EXPECT_FALSE(ReadProtoFromBinaryFile(dir_ / "missing", &net));
  EXPECT_FALSE(ReadProtoFromTextFile(dir_.Write("bad", "what is this"), &net));
}

TEST_F(IoProtoTest, MissingFilesAndDirectoriesAreErrors) {
  NetParameter net;
  const string missing = dir_ / "missing";
  EXPECT_EQ(ErrorOf([&] { ReadProtoFromTextFileOrDie(missing, &net); }),
            "cannot read '" + missing + "': No such file or directory");
  EXPECT_EQ(ErrorOf([&] { ReadProtoFromBinaryFileOrDie(missing, &net); }),
            "cannot read '" + missing + "': No such file or directory");
  EXPECT_THAT(ErrorOf([&] { ReadProtoFromTextFileOrDie(dir_.path(), &net); }),
              HasSubstr("is a directory"));
  EXPECT_THAT(ErrorOf([&] { WriteProtoToTextFile(net, dir_ / "no/such/dir"); }),
              HasSubstr("No such file or directory"));
}

TEST_F(IoProtoTest, CutAndForeignBinaryFilesAreErrors) {
  NetParameter net;
  net.set_name(string(100, 'n'));
  const string whole = net.SerializeAsString();
  const string cut = dir_.Write("cut", whole.substr(0, whole.size() - 1));
  EXPECT_THAT(ErrorOf([&] { ReadProtoFromBinaryFileOrDie(cut, &net); }),
              AllOf(HasSubstr(cut), HasSubstr("caffe.NetParameter"), HasSubstr("cut short")));
  const string text = dir_.Write("text", "name: 'a'\n");
  EXPECT_THAT(ErrorOf([&] { ReadProtoFromBinaryFileOrDie(text, &net); }),
              EndsWith("it looks like a text file"));
  const string binary = dir_.Write("binary", whole + string(3, '\0'));
  EXPECT_EQ(ErrorOf([&] { ReadProtoFromTextFileOrDie(binary, &net); }),
            "'" + binary + "' is no text file; a caffe.NetParameter in text format is wanted");
  const string hdf5 = dir_.Write("hdf5", "\211HDF\r\n\032\n\377\377");
  EXPECT_THAT(ErrorOf([&] { ReadProtoFromBinaryFileOrDie(hdf5, &net); }),
              HasSubstr("is an HDF5 file"));
}

TEST_F(IoProtoTest, HugeFilesAreRefusedUnread) {
  const string file = dir_.Write("huge", "");
  std::filesystem::resize_file(file, std::uintmax_t{1} << 31);
  NetParameter net;
  EXPECT_THAT(ErrorOf([&] { ReadProtoFromBinaryFileOrDie(file, &net); }),
              HasSubstr("has 2147483648 bytes"));
}

}  // namespace
}  // namespace caffe
