#include "caffe/util/db_lmdb.hpp"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "tests/caffe/data_test_util.hpp"

namespace caffe {
namespace {

TEST(LmdbTest, GivesRecordsInTheByteOrderOfKeys) {
  const TemporaryDirectory dir;
  WriteLmdb(dir / "db", {{"b", "2"}, {"a", "1"}, {"B", "0"}, {std::string("\xff\x00", 2), "3"}});
  const std::unique_ptr<db::DB> lmdb(db::GetDB("lmdb"));
  lmdb->Open(dir / "db", db::READ);
  const std::unique_ptr<db::Cursor> cursor(lmdb->NewCursor());
  std::string values;
  for (; cursor->valid(); cursor->Next()) values += cursor->value();
  EXPECT_EQ(values, "0123");
  EXPECT_EQ(lmdb->size(), 4u);
  cursor->SeekToFirst();
  EXPECT_EQ(cursor->key(), "B");
}

TEST(LmdbTest, SeeksAKey) {
  const TemporaryDirectory dir;
  WriteLmdb(dir / "db", {{"a", "1"}, {"b", "2"}, {"c", "3"}});
  db::LMDB lmdb;
  lmdb.Open(dir / "db", db::READ);
  const std::unique_ptr<db::Cursor> cursor(lmdb.NewCursor());
  cursor->Seek("b");
  ASSERT_TRUE(cursor->valid());
  EXPECT_EQ(cursor->value(), "2");
  cursor->Next();
  EXPECT_EQ(cursor->key(), "c");
  cursor->Seek("bb");
  EXPECT_FALSE(cursor->valid());
}

TEST(LmdbTest, GrowsItsMapAsNeeded) {
  const TemporaryDirectory dir;
  const std::string big(1 << 20, 'x');
  {
    db::LMDB lmdb;
    lmdb.Open(dir / "db", db::NEW);
    const std::unique_ptr<db::Transaction> transaction(lmdb.NewTransaction());
    // The library's default map holds one megabyte.
    for (char c = 'a'; c < 'f'; ++c) transaction->Put(std::string(1, c), big);
    transaction->Commit();
    transaction->Put("z", "last");
    transaction->Commit();
  }
  db::LMDB lmdb;
  lmdb.Open(dir / "db", db::READ);
  EXPECT_EQ(lmdb.size(), 6u);
  const std::unique_ptr<db::Cursor> cursor(lmdb.NewCursor());
  EXPECT_EQ(cursor->value(), big);
}

TEST(LmdbTest, AddsToAnExistingDatabase) {
  const TemporaryDirectory dir;
  WriteLmdb(dir / "db", {{"a", "1"}});
  db::LMDB lmdb;
  lmdb.Open(dir / "db", db::WRITE);
  const std::unique_ptr<db::Transaction> transaction(lmdb.NewTransaction());
  transaction->Put("b", "2");
  transaction->Commit();
  EXPECT_EQ(lmdb.size(), 2u);
}

TEST(LmdbTest, ReadsADirectoryWithoutLockFileThatCannotBeWritten) {
  const TemporaryDirectory dir;
  WriteLmdb(dir / "db", {{"a", "1"}});
  std::filesystem::remove(dir / "db/lock.mdb");
  std::filesystem::permissions(
      dir / "db", std::filesystem::perms::owner_read | std::filesystem::perms::owner_exec);
  {
    db::LMDB lmdb;
    lmdb.Open(dir / "db", db::READ);
    EXPECT_EQ(lmdb.size(), 1u);
  }
  std::filesystem::permissions(dir / "db", std::filesystem::perms::owner_all);
}

TEST(LmdbTest, RefusesANewDatabaseOverAnExistingOne) {
  const TemporaryDirectory dir;
  WriteLmdb(dir / "db", {{"a", "1"}});
  db::LMDB lmdb;
  ExpectError([&] { lmdb.Open(dir / "db", db::NEW); }, {dir / "db", "exists already", "Remove it"});
}

TEST(LmdbTest, NamesThePathOfADatabaseThatIsNotThere) {
  const TemporaryDirectory dir;
  db::LMDB lmdb;
  ExpectError([&] { lmdb.Open(dir / "nothing", db::READ); },
              {dir / "nothing", "No such file", "Check the path"});
}

TEST(LmdbTest, RefusesAFileThatIsNoLmdb) {
  const TemporaryDirectory dir;
  std::filesystem::create_directory(dir / "db");
  std::ofstream(dir / "db/data.mdb") << std::string(10000, 'x');
  db::LMDB lmdb;
  ExpectError([&] { lmdb.Open(dir / "db", db::READ); }, {dir / "db", "not an LMDB"});
}

TEST(LmdbTest, RefusesAFileThatIsCutOff) {
  const TemporaryDirectory dir;
  Records records;
  for (int i = 100; i < 200; ++i) records.emplace_back(std::to_string(i), std::string(5000, 'x'));
  WriteLmdb(dir / "db", records);
  const std::string file = dir / "db/data.mdb";
  std::filesystem::resize_file(file, std::filesystem::file_size(file) - 4096);
  db::LMDB lmdb;
  ExpectError([&] { lmdb.Open(dir / "db", db::READ); }, {dir / "db", "cut off"});
}

/// Reads an LMDB of 200 records whose file was changed.
void ReadChanged(const std::function<void(std::string*)>& change) {
  const TemporaryDirectory dir;
  Records records;
  for (int i = 100; i < 300; ++i) records.emplace_back(std::to_string(i), std::string(50, 'x'));
  WriteLmdb(dir / "db", records);
  const std::string path = dir / "db/data.mdb";
  std::string bytes(std::filesystem::file_size(path), '\0');
  std::ifstream(path, std::ios::binary).read(bytes.data(), bytes.size());
  change(&bytes);
  std::ofstream(path, std::ios::binary) << bytes;
  db::LMDB lmdb;
  lmdb.Open(dir / "db", db::READ);
  const std::unique_ptr<db::Cursor> cursor(lmdb.NewCursor());
  int count = 0;
  for (; cursor->valid(); cursor->Next()) count += cursor->value().size() == 50;
  EXPECT_EQ(count, 200);
}

TEST(LmdbTest, RefusesDamageInTheMiddle) {
  ReadChanged([](std::string*) {});
  // In front of a key are its record's size (4 bytes), flags and the key's size (2 bytes each).
  const std::vector<std::string> parts{"db", "damaged", "a value ends outside of it"};
  ExpectError(
      [] { ReadChanged([](std::string* bytes) { (*bytes)[bytes->find("150x") - 4] = 1; }); },
      {"db", "damaged", "lies outside of the database"});
  ExpectError(
      [] { ReadChanged([](std::string* bytes) { (*bytes)[bytes->find("150x") - 6] = 1; }); },
      parts);
  // A page of zeros, as a copy that was broken off leaves them.
  ExpectError(
      [] {
        ReadChanged([](std::string* bytes) {
          bytes->replace(bytes->find("250x") / 4096 * 4096, 4096, 4096, '\0');
        });
      },
      {"db", "damaged"});
}

TEST(LmdbTest, AFileThatShrinksWhileItIsReadIsAnError) {
  const TemporaryDirectory dir;
  std::vector<std::pair<std::string, std::string>> records;
  for (int i = 100; i < 200; ++i) records.emplace_back(std::to_string(i), std::string(5000, 'x'));
  WriteLmdb(dir / "db", records);
  db::LMDB lmdb;
  lmdb.Open(dir / "db", db::READ);
  const std::unique_ptr<db::Cursor> cursor(lmdb.NewCursor());
  std::filesystem::resize_file((dir / "db") + "/data.mdb", 8192);
  ExpectError([&] { cursor->Next(); }, {"db", "cut off while it was read"});
}

TEST(LmdbTest, RefusesAnEmptyKey) {
  const TemporaryDirectory dir;
  ExpectError([&] { WriteLmdb(dir / "db", {{"", "1"}}); }, {dir / "db", "1 to 511 bytes"});
}

TEST(GetDBTest, SaysHowToGetRidOfLevelDB) {
  ExpectError([] { db::GetDB("leveldb"); }, {"not built in", "backend: LMDB"});
  ExpectError([] { db::GetDB(DataParameter_DB_LEVELDB); }, {"not built in"});
  ExpectError([] { db::GetDB("sqlite"); }, {"'sqlite'", "Use lmdb"});
}

TEST(GetDBTest, TakesAnLmdbForWhatItIsIfTheNetDoesNotSay) {
  const TemporaryDirectory dir;
  WriteLmdb(dir / "db", {{"a", "1"}});
  DataParameter param;
  param.set_source(dir / "db");
  EXPECT_EQ(db::BackendOf(param), DataParameter_DB_LMDB);
  param.set_source(dir / "other");
  EXPECT_EQ(db::BackendOf(param), DataParameter_DB_LEVELDB);
  param.set_backend(DataParameter_DB_LMDB);
  EXPECT_EQ(db::BackendOf(param), DataParameter_DB_LMDB);
}

}  // namespace
}  // namespace caffe
