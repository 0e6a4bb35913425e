#ifndef CAFFE_ERROR_HPP_
#define CAFFE_ERROR_HPP_

#include <exception>
#include <sstream>
#include <string>

namespace caffe {

/// A user's mistake or a failure of the outside world: bad input, a missing file, a full
/// disk. The message says who, what was found, what was wanted and what to do. Whoever
/// knows more on the way up puts it in front with add_context. The command line prints
/// what() and exits with 1.
class Error : public std::exception {
 public:
  /// The message is its parts, streamed one after the other.
  template <typename... Parts>
  explicit Error(const Parts&... parts) {
    std::ostringstream text;
    (text << ... << parts);
    message_ = text.str();
  }
  Error(const Error&) = default;
  Error(Error& other) : Error(static_cast<const Error&>(other)) {}
  Error& operator=(const Error&) = default;

  const char* what() const noexcept override { return message_.c_str(); }

  /// Puts `context` and ": " before the message.
  void add_context(const std::string& context) { message_ = context + ": " + message_; }

 private:
  std::string message_;
};

/// Throws Error(parts...) unless `condition` holds.
template <typename... Parts>
void Require(bool condition, const Parts&... parts) {
  if (!condition) [[unlikely]]
    throw Error(parts...);
}

}  // namespace caffe

#endif  // CAFFE_ERROR_HPP_
