#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "caffe/test/test_caffe_main.hpp"
#include "caffe/util/db.hpp"
#include "caffe/util/philox.hpp"
#include "tests/solver/solver_fixture.hpp"

namespace caffe {
namespace {

/// 37 random images of 3 x 6 x 6 with labels 0 to 3.
void WriteDatabase(const string& path) {
  std::unique_ptr<db::DB> database(db::GetDB(DataParameter::LMDB));
  database->Open(path, db::NEW);
  std::unique_ptr<db::Transaction> transaction(database->NewTransaction());
  const Philox random(1701, 0);
  for (int i = 0; i < 37; ++i) {
    Datum datum;
    datum.set_channels(3);
    datum.set_height(6);
    datum.set_width(6);
    datum.set_label(i % 4);
    string pixels(3 * 6 * 6, '\0');
    for (size_t p = 0; p < pixels.size(); ++p) {
      pixels[p] = static_cast<char>(random.u32(i * pixels.size() + p));
    }
    datum.set_data(pixels);
    transaction->Put(std::to_string(100 + i), datum.SerializeAsString());
  }
  transaction->Commit();
}

string Definition(const TempDir& dir) {
  const string data =
      "type: 'Data' top: 'data' top: 'label' "
      "data_param { source: '" +
      (dir / "lmdb") +
      "' backend: LMDB batch_size: 8 shuffle: true } "
      "transform_param { scale: 0.01 mirror: true crop_size: 5 } ";
  return "base_lr: 0.1 momentum: 0.9 lr_policy: 'fixed' max_iter: 12 "
         "test_interval: 3 test_iter: 2 snapshot_prefix: '" +
         (dir / "run") +
         "' "
         "net_param { "
         "  layer { name: 'data' include { phase: TRAIN } " +
         data +
         "} "
         "  layer { name: 'test_data' include { phase: TEST } " +
         data +
         "} "
         "  layer { name: 'fc' type: 'InnerProduct' bottom: 'data' top: 'fc' "
         "    inner_product_param { num_output: 4 weight_filler { type: 'xavier' } } } "
         "  layer { name: 'loss' type: 'SoftmaxWithLoss' bottom: 'fc' bottom: 'label' } } ";
}

template <typename TypeParam>
class ResumeDataTest : public MultiDeviceTest<TypeParam> {};

TYPED_TEST_SUITE(ResumeDataTest, TestDtypesAndDevices);

// Position in the shuffled database, prefetched batches and augmentation go on as they were,
// also where the new process had drawn another seed.
TYPED_TEST(ResumeDataTest, DataGoOnWhereTheyWere) {
  typedef typename TypeParam::Dtype Dtype;
  const TempDir dir;
  WriteDatabase(dir / "lmdb");
  const string text = Definition(dir);
  Caffe::set_random_seed(12345);
  auto whole = MakeSolver<Dtype>(text);
  whole->Solve();
  for (const int stop : {2, 6, 7}) {
    Caffe::set_random_seed(12345);
    auto first = MakeSolver<Dtype>(text);
    first->Step(stop);
    first->Snapshot();
    Caffe::set_random_seed(54321);
    auto second = MakeSolver<Dtype>(text);
    second->Solve(dir / ("run_iter_" + std::to_string(stop) + ".solverstate"));
    EXPECT_EQ(AllData<Dtype>(whole->net()->params()), AllData<Dtype>(second->net()->params()))
        << "stopped after " << stop;
    EXPECT_EQ(AllData<Dtype>(whole->history()), AllData<Dtype>(second->history()));
    EXPECT_EQ(AllData<Dtype>(whole->test_nets()[0]->output_blobs()),
              AllData<Dtype>(second->test_nets()[0]->output_blobs()));
  }
}

}  // namespace
}  // namespace caffe
