#include "caffe/util/lmdb_check.hpp"

#include <gtest/gtest.h>

#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <random>
#include <string>

#include "caffe/util/db_lmdb.hpp"
#include "tests/caffe/data_test_util.hpp"

namespace caffe {
namespace {

std::string Key(int i) {
  std::string digits = std::to_string(i);
  return std::string(6 - digits.size(), '0') + digits;
}

/// Small values lie beside their keys, large ones on pages of their own.
std::string Value(int i) {
  return std::string(i % 3 == 0 ? 5000 + i : 20 + i % 50, char('a' + i % 26));
}

/// @param rounds  of commits; later ones replace records, which leaves free pages
void MakeDatabase(const std::string& path, int records, int rounds) {
  db::LMDB lmdb;
  lmdb.Open(path, db::NEW);
  for (int round = 0; round < rounds; ++round) {
    const std::unique_ptr<db::Transaction> transaction(lmdb.NewTransaction());
    for (int i = 0; i < records; i += 1 + 6 * round) transaction->Put(Key(i), Value(i));
    transaction->Commit();
  }
}

std::string Content(const std::string& file) {
  std::ifstream in(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

void Write(const std::string& file, const std::string& content) {
  std::ofstream(file, std::ios::binary) << content;
}

/// What becomes of an attempt to read everything: the message, or "".
std::string ReadAll(const std::string& path, int* records) {
  *records = 0;
  try {
    db::LMDB lmdb;
    lmdb.Open(path, db::READ);
    const uint64_t size = lmdb.size();
    size_t bytes = 0;
    const std::unique_ptr<db::Cursor> cursor(lmdb.NewCursor());
    for (; cursor->valid(); cursor->Next()) {
      for (const char c : cursor->key() + cursor->value()) bytes += static_cast<unsigned char>(c);
      ++*records;
    }
    EXPECT_EQ(static_cast<uint64_t>(*records), size);
    EXPECT_EQ(bytes > 0, size > 0);
  } catch (const Error& error) {
    return error.what();
  }
  return "";
}

std::string AddOne(const std::string& path) {
  try {
    db::LMDB lmdb;
    lmdb.Open(path, db::WRITE);
    const std::unique_ptr<db::Transaction> transaction(lmdb.NewTransaction());
    for (int i = 0; i < 40; ++i) transaction->Put("new" + Key(i), Value(i));
    transaction->Commit();
  } catch (const Error& error) {
    return error.what();
  }
  return "";
}

TEST(LmdbCheckTest, TakesWhatLmdbWrites) {
  for (const int records : {0, 1, 5, 700, 20000}) {
    for (const int rounds : {1, 3}) {
      SCOPED_TRACE(std::to_string(records) + " records, " + std::to_string(rounds) + " rounds");
      const TemporaryDirectory dir;
      MakeDatabase(dir / "db", records, rounds);
      for (const bool for_writing : {false, true}) {
        EXPECT_NO_THROW(db::CheckLmdbTree(dir / "db", for_writing));
      }
      EXPECT_NO_THROW(db::CheckLmdbTree((dir / "db") + "/data.mdb", true));
      int found = 0;
      EXPECT_EQ(ReadAll(dir / "db", &found), "");
      EXPECT_EQ(found, records);
    }
  }
}

TEST(LmdbCheckTest, LeavesWhatIsMissingToTheCaller) {
  const TemporaryDirectory dir;
  EXPECT_NO_THROW(db::CheckLmdbTree(dir / "nothing", false));
  std::filesystem::create_directory(dir / "empty");
  EXPECT_NO_THROW(db::CheckLmdbTree(dir / "empty", false));
}

/// Damages a copy of the content: bytes, the head of a page, whole pages, or the end.
std::string Damaged(std::string content, std::mt19937* random) {
  constexpr size_t kPage = 4096;
  const auto below = [random](size_t n) {
    return std::uniform_int_distribution<size_t>(0, n - 1)(*random);
  };
  const size_t pages = content.size() / kPage;
  switch (below(5)) {
    case 0:
      for (size_t i = 1 + below(8); i > 0; --i)
        content[below(content.size())] ^= char(1 << below(8));
      break;
    case 1:
      for (size_t i = 1 + below(3); i > 0; --i) {
        content[below(pages) * kPage + below(24)] = static_cast<char>(below(256));
      }
      break;
    case 2:  // offsets and records' heads
      for (size_t i = 1 + below(6); i > 0; --i) {
        content[below(pages) * kPage + 16 + below(120)] = static_cast<char>(below(256));
      }
      break;
    case 3:
      std::memcpy(&content[below(pages) * kPage],
                  std::string(content, below(pages) * kPage, kPage).data(), kPage);
      break;
    default:
      content.resize(below(content.size()));
  }
  return content;
}

TEST(LmdbCheckTest, NoDamageEndsTheProgramOrLosesRecords) {
  const TemporaryDirectory dir;
  const int records = 400;
  MakeDatabase(dir / "db", records, 2);
  const std::string good = Content((dir / "db") + "/data.mdb");
  const int cases = std::getenv("CAFFE_TEST_FULL") != nullptr ? 5000 : 200;
  int refused = 0;
  for (int seed = 0; seed < cases; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    std::mt19937 random(seed);
    std::filesystem::remove_all(dir / "db");
    std::filesystem::create_directory(dir / "db");
    Write((dir / "db") + "/data.mdb", Damaged(good, &random));
    int found = 0;
    const std::string error = ReadAll(dir / "db", &found);
    if (error.empty()) {
      EXPECT_TRUE(found == 0 || found >= records - records / 7 - 1);
    } else {
      EXPECT_NE(error.find(dir / "db"), std::string::npos) << error;
      ++refused;
    }
    AddOne(dir / "db");
  }
  EXPECT_GT(refused, cases / 5);
}

TEST(LmdbCheckTest, SaysWhatIsWrong) {
  const TemporaryDirectory dir;
  MakeDatabase(dir / "db", 400, 1);
  const std::string file = (dir / "db") + "/data.mdb", good = Content(file);
  const auto error_of = [&](size_t at, const std::string& bytes) {
    std::string content = good;
    content.replace(at, bytes.size(), bytes);
    Write(file, content);
    int found = 0;
    return ReadAll(dir / "db", &found);
  };
  const auto expect = [&](size_t at, const std::string& bytes, const std::string& part) {
    const std::string error = error_of(at, bytes);
    EXPECT_NE(error.find(part), std::string::npos) << error;
    EXPECT_NE(error.find("Copy it again"), std::string::npos) << error;
  };
  // The number of records, of both heads; the root's page.
  const size_t entries = 16 + 24 + 48 + 32;
  std::string content = good;
  content.replace(entries, 1, "\x05").replace(4096 + entries, 1, "\x05");
  Write(file, content);
  int found = 0;
  const std::string error = ReadAll(dir / "db", &found);
  EXPECT_NE(error.find("the tree holds 400"), std::string::npos) << error;
  expect(16, "nonsense", "not an LMDB file");
  expect(16 + 24, std::string("\x00\x00\x00\x00", 4), "0 bytes");
  std::filesystem::resize_file(file, good.size() - 4096);
  EXPECT_NE(ReadAll(dir / "db", &found).find("damaged"), std::string::npos);
}

}  // namespace
}  // namespace caffe
