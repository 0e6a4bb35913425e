#include "caffe/cli/tensorboard_log.hpp"

#include <unistd.h>

#include <array>
#include <chrono>
#include <cmath>
#include <filesystem>

#include "caffe/error.hpp"
#include "tensorboard_event.pb.h"

namespace caffe::cli {

namespace {

using tensorboard::Event;

double SecondsSince1970() {
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  return std::chrono::duration<double>(now).count();
}

/// A name as TensorBoard wants it, that no file in the directory has:
/// events.out.tfevents.<seconds>.<host>.<process>.<number>
std::string NewEventFile(const std::string& directory) {
  char host[256] = "localhost";
  gethostname(host, sizeof(host) - 1);
  const std::string stem = directory + "/events.out.tfevents." +
                           std::to_string(static_cast<int64_t>(SecondsSince1970())) + "." + host +
                           "." + std::to_string(getpid()) + ".";
  int number = 0;
  while (std::filesystem::exists(stem + std::to_string(number))) ++number;
  return stem + std::to_string(number);
}

void AddScalar(const std::string& tag, double value, tensorboard::Summary* summary) {
  tensorboard::Scalar* scalar = summary->add_scalar();
  scalar->set_tag(tag);
  scalar->set_value(static_cast<float>(value));
}

/// The least significant byte first.
template <typename Integer>
std::string LittleEndian(Integer value) {
  std::string bytes;
  for (size_t i = 0; i < sizeof(Integer); ++i) bytes += static_cast<char>(value >> (8 * i) & 0xff);
  return bytes;
}

/// So that the checksum of data that holds checksums does not degenerate.
uint32_t Masked(uint32_t crc) { return (crc >> 15 | crc << 17) + 0xa282ead8u; }

}  // namespace

uint32_t Crc32c(std::string_view data) {
  static const std::array<uint32_t, 256> table = [] {
    constexpr uint32_t kReversedPolynomial = 0x82f63b78u;
    std::array<uint32_t, 256> entries;
    for (uint32_t byte = 0; byte < 256; ++byte) {
      uint32_t crc = byte;
      for (int bit = 0; bit < 8; ++bit) crc = crc >> 1 ^ (crc & 1 ? kReversedPolynomial : 0);
      entries[byte] = crc;
    }
    return entries;
  }();
  uint32_t crc = 0xffffffffu;
  for (const char c : data) crc = crc >> 8 ^ table[(crc ^ static_cast<unsigned char>(c)) & 0xff];
  return ~crc;
}

std::string EventRecord(std::string_view data) {
  const std::string length = LittleEndian<uint64_t>(data.size());
  return length + LittleEndian(Masked(Crc32c(length))) + std::string(data) +
         LittleEndian(Masked(Crc32c(data)));
}

TensorBoardLog::TensorBoardLog(const std::string& directory, const MetricsLayout& layout,
                               int first_iteration)
    : layout_(layout) {
  std::error_code error;
  std::filesystem::create_directories(directory, error);
  Require(!error, "--log_tensorboard: cannot make the directory '", directory,
          "': ", error.message());
  file_ = std::make_unique<AppendFile>(NewEventFile(directory));
  Event version;
  version.set_file_version("brain.Event:2");
  Append(0, &version);
  Event start;
  start.mutable_session_log()->set_status(tensorboard::SessionLog::START);
  Append(first_iteration, &start);
}

void TensorBoardLog::Append(int step, Event* event) {
  event->set_wall_time(SecondsSince1970());
  event->set_step(step);
  file_->Append(EventRecord(event->SerializeAsString()));
}

void TensorBoardLog::Write(const TrainingMetrics& metrics) {
  Event event;
  tensorboard::Summary* summary = event.mutable_summary();
  if (metrics.loss) AddScalar("train/loss", *metrics.loss, summary);
  if (metrics.learning_rate) AddScalar("train/learning_rate", *metrics.learning_rate, summary);
  if (layout_.iterations_per_epoch > 0) {
    AddScalar("train/epoch", metrics.iteration / layout_.iterations_per_epoch, summary);
  }
  if (metrics.drops) {
    AddScalar("dropback/layer_rate", metrics.drops->layer_rate, summary);
    AddScalar("dropback/channel_rate", metrics.drops->channel_rate, summary);
    AddScalar("dropback/masked_share", metrics.drops->masked_share, summary);
  }
  for (const TrainingMetrics::Test& test : metrics.tests) {
    for (const TrainingMetrics::Output& output : test.outputs) {
      AddScalar(layout_.TestName(test.net) + "/" + output.name, output.value, summary);
    }
  }
  Append(metrics.iteration, &event);
}

}  // namespace caffe::cli
