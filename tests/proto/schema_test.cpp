// Compares the compiled schema with the tables of Caffe 1.0's messages and enums.

#include <google/protobuf/descriptor.h>
#include <gtest/gtest.h>

#include <fstream>
#include <map>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include "caffe/proto/caffe.pb.h"

namespace caffe {
namespace {

using ::google::protobuf::Descriptor;
using ::google::protobuf::EnumDescriptor;
using ::google::protobuf::FieldDescriptor;
using ::google::protobuf::FileDescriptor;
using std::string;
using std::vector;

constexpr int kFirstOwnField = 30000;
constexpr int kFirstOwnEnumValue = 100;
/// Fields of widespread forks keep the numbers under which these published them.
const std::map<string, int> kForkFields = {
    {"caffe.BatchNormParameter.bias_filler", 6},
    {"caffe.BatchNormParameter.engine", 15},
    {"caffe.BatchNormParameter.scale_bias", 7},
    {"caffe.BatchNormParameter.scale_filler", 5},
    {"caffe.BlobProto.raw_data", 12},
    {"caffe.BlobProto.raw_data_type", 10},
    {"caffe.BlobProto.raw_diff", 13},
    {"caffe.BlobProto.raw_diff_type", 11},
    {"caffe.LayerParameter.shuffle_channel_param", 164},
    {"caffe.LayerParameter.permute_param", 202},
};

/// The rows of a table without its header line.
vector<vector<string>> ReadTable(const string& name) {
  std::ifstream file(CAFFE_TEST_DATA_DIR "/schema/" + name);
  EXPECT_TRUE(file.good()) << name;
  vector<vector<string>> rows;
  string line;
  std::getline(file, line);
  while (std::getline(file, line)) {
    vector<string> cells(1);
    for (char c : line) {
      if (c == '\t') {
        cells.emplace_back();
      } else {
        cells.back() += c;
      }
    }
    rows.push_back(cells);
  }
  return rows;
}

const FileDescriptor* Schema() { return NetParameter::descriptor()->file(); }

/// A name without the package: "PoolingParameter.PoolMethod".
string LocalName(const string& full_name) { return full_name.substr(full_name.find('.') + 1); }

string LabelName(const FieldDescriptor* field) {
  return field->is_repeated() ? "repeated" : field->is_required() ? "required" : "optional";
}

string TypeName(const FieldDescriptor* field) {
  if (field->message_type() != nullptr) return LocalName(field->message_type()->full_name());
  if (field->enum_type() != nullptr) return LocalName(field->enum_type()->full_name());
  return field->type_name();
}

bool DefaultIs(const FieldDescriptor* field, const string& text) {
  switch (field->cpp_type()) {
    case FieldDescriptor::CPPTYPE_INT32:
      return field->default_value_int32() == std::stoi(text);
    case FieldDescriptor::CPPTYPE_INT64:
      return field->default_value_int64() == std::stoll(text);
    case FieldDescriptor::CPPTYPE_UINT32:
      return field->default_value_uint32() == std::stoul(text);
    case FieldDescriptor::CPPTYPE_FLOAT:
      return field->default_value_float() == std::stof(text);
    case FieldDescriptor::CPPTYPE_BOOL:
      return field->default_value_bool() == (text == "true");
    case FieldDescriptor::CPPTYPE_STRING:
      return field->default_value_string() == text;
    case FieldDescriptor::CPPTYPE_ENUM:
      return field->default_value_enum()->name() == text;
    default:
      return false;
  }
}

TEST(Schema, HasEveryFieldOfCaffe) {
  const auto rows = ReadTable("fields.tsv");
  ASSERT_GT(rows.size(), 400u);
  for (const auto& row : rows) {
    ASSERT_EQ(row.size(), 7u);
    SCOPED_TRACE(row[0] + "." + row[4]);
    const Descriptor* message = Schema()->FindMessageTypeByName(row[0]);
    ASSERT_NE(message, nullptr);
    const FieldDescriptor* field = message->FindFieldByNumber(std::stoi(row[1]));
    ASSERT_NE(field, nullptr);
    EXPECT_EQ(field->name(), row[4]);
    EXPECT_EQ(LabelName(field), row[2]);
    EXPECT_EQ(TypeName(field), row[3]);
    if (row[5] == "-") {
      EXPECT_FALSE(field->has_default_value());
    } else {
      EXPECT_TRUE(DefaultIs(field, row[5])) << "wanted " << row[5];
    }
    EXPECT_EQ(field->is_packed(), row[6] == "packed");
  }
}

const EnumDescriptor* FindEnum(const string& name) {
  const size_t dot = name.find('.');
  if (dot == string::npos) return Schema()->FindEnumTypeByName(name);
  const Descriptor* message = Schema()->FindMessageTypeByName(name.substr(0, dot));
  return message == nullptr ? nullptr : message->FindEnumTypeByName(name.substr(dot + 1));
}

TEST(Schema, HasEveryEnumValueOfCaffe) {
  const auto rows = ReadTable("enums.tsv");
  ASSERT_GT(rows.size(), 90u);
  for (const auto& row : rows) {
    ASSERT_EQ(row.size(), 3u);
    SCOPED_TRACE(row[0] + "." + row[2]);
    const EnumDescriptor* type = FindEnum(row[0]);
    ASSERT_NE(type, nullptr);
    const auto* value = type->FindValueByName(row[2]);
    ASSERT_NE(value, nullptr);
    EXPECT_EQ(value->number(), std::stoi(row[1]));
  }
}

TEST(Schema, KeepsItsExtensionsApart) {
  std::set<string> messages;
  std::map<string, std::set<int>> fields, values;
  for (const auto& row : ReadTable("fields.tsv")) {
    messages.insert(row[0]);
    fields[row[0]].insert(std::stoi(row[1]));
  }
  for (const auto& row : ReadTable("enums.tsv")) values[row[0]].insert(std::stoi(row[1]));
  for (const string& name : messages) {
    const Descriptor* message = Schema()->FindMessageTypeByName(name);
    ASSERT_NE(message, nullptr) << name;
    for (int i = 0; i < message->field_count(); ++i) {
      const FieldDescriptor* field = message->field(i);
      if (fields[name].count(field->number()) > 0) continue;
      const auto fork = kForkFields.find(field->full_name());
      if (fork != kForkFields.end()) {
        EXPECT_EQ(field->number(), fork->second) << field->full_name();
      } else {
        EXPECT_GE(field->number(), kFirstOwnField) << field->full_name();
      }
    }
  }
  for (const auto& [name, numbers] : values) {
    const EnumDescriptor* type = FindEnum(name);
    ASSERT_NE(type, nullptr) << name;
    for (int i = 0; i < type->value_count(); ++i) {
      if (numbers.count(type->value(i)->number()) == 0) {
        EXPECT_GE(type->value(i)->number(), kFirstOwnEnumValue) << type->value(i)->full_name();
      }
    }
  }
}

}  // namespace
}  // namespace caffe
