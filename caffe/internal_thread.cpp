#include "caffe/internal_thread.hpp"

#include <exception>
#include <system_error>

#include "caffe/device/memory.hpp"
#include "caffe/util/philox.hpp"

namespace caffe {

namespace {

thread_local std::stop_token current_stop;

}  // namespace

struct InternalThread::Context {
  Caffe::Brew mode;
  int device;
  unsigned int seed;
  int solver_count;
  int solver_rank;
  bool multiprocess;
};

InternalThread::~InternalThread() { StopInternalThread(); }

bool InternalThread::is_started() const { return thread_.joinable(); }

bool InternalThread::must_stop() { return current_stop.stop_requested(); }

const std::stop_token& InternalThread::CurrentStopToken() { return current_stop; }

void InternalThread::StartInternalThread() {
  Require(!is_started(), "An internal thread was started a second time. Stop it first.");
  const bool on_gpu = Caffe::mode() == Caffe::GPU;
  const Context context{Caffe::mode(),
                        on_gpu ? CurrentGpu() : 0,
                        static_cast<unsigned int>(MixBits(Caffe::random_seed())),
                        Caffe::solver_count(),
                        Caffe::solver_rank(),
                        Caffe::multiprocess()};
  try {
    thread_ = std::jthread([this, context](std::stop_token stop) { Run(context, stop); });
  } catch (const std::system_error& e) {
    throw Error("A thread could not be started: ", e.what(),
                ". Check the limit on processes, `ulimit -u`.");
  }
}

void InternalThread::Run(const Context& context, const std::stop_token& stop) {
  current_stop = stop;
  try {
    if (context.mode == Caffe::GPU) Caffe::SetDevice(context.device);
    Caffe::set_mode(context.mode);
    Caffe::set_random_seed(context.seed);
    Caffe::set_solver_count(context.solver_count);
    Caffe::set_solver_rank(context.solver_rank);
    Caffe::set_multiprocess(context.multiprocess);
    InternalThreadEntry();
  } catch (const Interrupted&) {
  } catch (const std::exception& e) {
    LOG(ERROR) << "A thread ended with an error: " << e.what();
  }
}

void InternalThread::StopInternalThread() {
  if (!is_started()) return;
  thread_.request_stop();
  thread_.join();
  thread_ = std::jthread();
}

}  // namespace caffe
