#ifndef CAFFE_INTERNAL_THREAD_HPP_
#define CAFFE_INTERNAL_THREAD_HPP_

#include <stop_token>
#include <thread>

#include "caffe/common.hpp"

namespace caffe {

/// Gives a class a thread of its own. A subclass overrides InternalThreadEntry, starts the
/// thread, and stops it in its destructor, before its members go.
class InternalThread {
 public:
  /// Ends the thread when thrown through InternalThreadEntry. BlockingQueue throws it where a
  /// thread that has been asked to stop would wait.
  struct Interrupted {};

  InternalThread() {}
  virtual ~InternalThread();

  /// Starts the thread with the calling thread's context: device, mode, solver rank and count.
  /// Its random generator is seeded from the caller's seed. Throws Error.
  void StartInternalThread();

  /// Asks the thread to stop and waits until it has. Does nothing if none is running.
  void StopInternalThread();

  bool is_started() const;

  /// Says when the calling thread must stop; for any other than an internal thread, never.
  static const std::stop_token& CurrentStopToken();

 protected:
  /// What the thread does. An exception that leaves it is logged as an error.
  virtual void InternalThreadEntry() {}

  /// Whether the thread has been asked to stop; to be asked by a loop that does not wait.
  bool must_stop();

 private:
  struct Context;
  void Run(const Context& context, const std::stop_token& stop);

  std::jthread thread_;

  DISABLE_COPY_AND_ASSIGN(InternalThread);
};

}  // namespace caffe

#endif  // CAFFE_INTERNAL_THREAD_HPP_
