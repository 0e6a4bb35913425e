#include "caffe/util/copy_field.hpp"

#include <google/protobuf/descriptor.h>

#include "caffe/error.hpp"

namespace caffe {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;

void CopyField(const Message& from, const FieldDescriptor* from_field, Message* to,
               const FieldDescriptor* to_field) {
  const auto* get = from.GetReflection();
  const auto* set = to->GetReflection();
  if (!get->HasField(from, from_field)) return;
  const bool add = to_field->is_repeated();
  switch (from_field->cpp_type()) {
#define CASE(TYPE, Name)                                                             \
  case FieldDescriptor::CPPTYPE_##TYPE: {                                            \
    const auto value = get->Get##Name(from, from_field);                             \
    add ? set->Add##Name(to, to_field, value) : set->Set##Name(to, to_field, value); \
    break;                                                                           \
  }
    CASE(INT32, Int32)
    CASE(INT64, Int64)
    CASE(UINT32, UInt32)
    CASE(UINT64, UInt64)
    CASE(FLOAT, Float)
    CASE(DOUBLE, Double)
    CASE(BOOL, Bool)
    CASE(STRING, String)
#undef CASE
    case FieldDescriptor::CPPTYPE_ENUM: {
      const int value = get->GetEnumValue(from, from_field);
      add ? set->AddEnumValue(to, to_field, value) : set->SetEnumValue(to, to_field, value);
      break;
    }
    case FieldDescriptor::CPPTYPE_MESSAGE: {
      Message* target = add ? set->AddMessage(to, to_field) : set->MutableMessage(to, to_field);
      target->CopyFrom(get->GetMessage(from, from_field));
      break;
    }
  }
}

}  // namespace caffe
