#ifndef CAFFE_UTIL_IO_H_
#define CAFFE_UTIL_IO_H_

#include <google/protobuf/message.h>

#include <string>

#include "caffe/common.hpp"
#include "caffe/proto/caffe.pb.h"
#include "caffe/util/format.hpp"

#ifndef CAFFE_TMP_DIR_RETRIES
#define CAFFE_TMP_DIR_RETRIES 100
#endif

namespace caffe {

using ::google::protobuf::Message;

/// Makes a new empty directory for temporary files and gives its path. Throws Error.
void MakeTempDir(string* temp_dirname);
/// Gives the path of a file that does not exist, in a new directory of its own.
void MakeTempFilename(string* temp_filename);

/// Reads a message in text format. False, with the reason in the log, if the file cannot be
/// read or does not parse.
bool ReadProtoFromTextFile(const char* filename, Message* proto);
inline bool ReadProtoFromTextFile(const string& filename, Message* proto) {
  return ReadProtoFromTextFile(filename.c_str(), proto);
}
/// As above; throws Error where that returns false: it names the file, the line and the field.
void ReadProtoFromTextFileOrDie(const char* filename, Message* proto);
inline void ReadProtoFromTextFileOrDie(const string& filename, Message* proto) {
  ReadProtoFromTextFileOrDie(filename.c_str(), proto);
}

/// Writes a message in text format. Throws Error if the file cannot be written.
void WriteProtoToTextFile(const Message& proto, const char* filename);
inline void WriteProtoToTextFile(const Message& proto, const string& filename) {
  WriteProtoToTextFile(proto, filename.c_str());
}

/// Reads a serialised message of up to 2 GB. False, with the reason in the log, if the file
/// cannot be read or parsed.
bool ReadProtoFromBinaryFile(const char* filename, Message* proto);
inline bool ReadProtoFromBinaryFile(const string& filename, Message* proto) {
  return ReadProtoFromBinaryFile(filename.c_str(), proto);
}
/// As above; throws Error where that returns false.
void ReadProtoFromBinaryFileOrDie(const char* filename, Message* proto);
inline void ReadProtoFromBinaryFileOrDie(const string& filename, Message* proto) {
  ReadProtoFromBinaryFileOrDie(filename.c_str(), proto);
}

/// Writes a message serialised. Throws Error if the file cannot be written.
void WriteProtoToBinaryFile(const Message& proto, const char* filename);
inline void WriteProtoToBinaryFile(const Message& proto, const string& filename) {
  WriteProtoToBinaryFile(proto, filename.c_str());
}

/// Puts a file's bytes, as they are, into an encoded datum. False if it cannot be read.
bool ReadFileToDatum(const string& filename, const int label, Datum* datum);
inline bool ReadFileToDatum(const string& filename, Datum* datum) {
  return ReadFileToDatum(filename, -1, datum);
}

/// Reads an image file into a datum, resized if height and width are above 0.
/// @param encoding  "" stores pixels (planar, B G R), else an image type such as "png": the
///                  file's own bytes if they are that already, otherwise encoded anew
/// @return false if the image cannot be read
bool ReadImageToDatum(const string& filename, const int label, const int height, const int width,
                      const bool is_color, const std::string& encoding, Datum* datum);
inline bool ReadImageToDatum(const string& filename, const int label, const int height,
                             const int width, const bool is_color, Datum* datum) {
  return ReadImageToDatum(filename, label, height, width, is_color, "", datum);
}
inline bool ReadImageToDatum(const string& filename, const int label, const int height,
                             const int width, Datum* datum) {
  return ReadImageToDatum(filename, label, height, width, true, datum);
}
inline bool ReadImageToDatum(const string& filename, const int label, const bool is_color,
                             Datum* datum) {
  return ReadImageToDatum(filename, label, 0, 0, is_color, datum);
}
inline bool ReadImageToDatum(const string& filename, const int label, Datum* datum) {
  return ReadImageToDatum(filename, label, 0, 0, true, datum);
}
inline bool ReadImageToDatum(const string& filename, const int label, const std::string& encoding,
                             Datum* datum) {
  return ReadImageToDatum(filename, label, 0, 0, true, encoding, datum);
}

/// Turns an encoded datum into pixels, with the image's own number of channels, or 3 or 1.
/// @return false if the datum is not encoded. Throws Error if the bytes are no readable image.
bool DecodeDatumNative(Datum* datum);
bool DecodeDatum(Datum* datum, bool is_color);

/// Reads an image (8 bit, B G R or grey), resized bilinearly if height and width are above 0.
/// Empty if the file cannot be read.
cv::Mat ReadImageToCVMat(const string& filename, const int height, const int width,
                         const bool is_color);
cv::Mat ReadImageToCVMat(const string& filename, const int height, const int width);
cv::Mat ReadImageToCVMat(const string& filename, const bool is_color);
cv::Mat ReadImageToCVMat(const string& filename);

/// Decodes an encoded datum. Throws Error if it is not encoded or no readable image.
cv::Mat DecodeDatumToCVMatNative(const Datum& datum);
cv::Mat DecodeDatumToCVMat(const Datum& datum, bool is_color);

/// Stores an image's pixels in planar order; the label is left alone. 8-bit images only.
void CVMatToDatum(const cv::Mat& cv_img, Datum* datum);

}  // namespace caffe

#endif  // CAFFE_UTIL_IO_H_
