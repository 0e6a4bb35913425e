#ifndef CAFFE_UTIL_COPY_FIELD_HPP_
#define CAFFE_UTIL_COPY_FIELD_HPP_

#include <google/protobuf/message.h>

namespace caffe {

/// Copies the value of an optional field into a field of another message, which is optional or
/// gets one more element. REQUIRES: the fields have the same C++ type; enums are matched by
/// number. Does nothing if the value is not set.
void CopyField(const google::protobuf::Message& from,
               const google::protobuf::FieldDescriptor* from_field, google::protobuf::Message* to,
               const google::protobuf::FieldDescriptor* to_field);

}  // namespace caffe

#endif  // CAFFE_UTIL_COPY_FIELD_HPP_
