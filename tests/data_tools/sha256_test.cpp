#include "data_tools/sha256.hpp"

#include <gtest/gtest.h>

#include "data_tools/content_hash.hpp"
#include "data_tools/sha256_blocks.hpp"

namespace caffe {
namespace {

// The examples of FIPS 180-4's validation, and lengths around a block's, by Python's hashlib.
TEST(Sha256Test, PublishedValues) {
  const auto hash = [](const std::string& text) { return HexText(Sha256(text)); };
  EXPECT_EQ(hash(""), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  EXPECT_EQ(hash("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(hash("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq"),
            "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
  EXPECT_EQ(hash(std::string(1000000, 'a')),
            "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
  EXPECT_EQ(hash(std::string(55, '\xff')),
            "aadaed00a3c5fbb8072ae7f1984ba8199fbe5272de427d11eaf31583af37db51");
  EXPECT_EQ(hash(std::string(56, '\xff')),
            "528ff50ab05e77bbbd224a9ec86165dbb6824a9a9efb544be0a1d57d5b416457");
  EXPECT_EQ(hash(std::string(64, '\xff')),
            "8667e718294e9e0df1d30600ba3eeb201f764aad2dad72748643e4a285e1d1f7");
}

TEST(Sha256Test, TheProcessorsInstructionsAgree) {
  const AddSha256Blocks native = NativeSha256Blocks();
  if (native == nullptr) GTEST_SKIP() << "this processor has none";
  std::string blocks(7 * kSha256Block, '\0');
  for (size_t i = 0; i < blocks.size(); ++i) blocks[i] = static_cast<char>(i * i * 31 + i / 7);
  Sha256State found{1, 22, 333, 4444, 55555, 666666, 7777777, 0xffffffff}, wanted = found;
  native(blocks.data(), 7, &found);
  AddSha256BlocksPortable(blocks.data(), 7, &wanted);
  EXPECT_EQ(found, wanted);
}

TEST(ContentHashTest, IsTheFormula) {
  ContentHash hash;
  EXPECT_EQ(hash.bytes(), std::string(32, '\0'));
  hash.Add("key", Sha256("value"));
  EXPECT_EQ(HexText(hash.bytes()),
            "22b1d42ab758178b8e372407c4a4ac44ab07a2d0ce7cd8476e03ca366fde363c");
  hash.Add("other", Sha256(""));
  EXPECT_EQ(HexText(hash.bytes()),
            "c4d78ad505853e16509dcd161906190bae71a0606077cc1fc718158133d2c72e");
}

}  // namespace
}  // namespace caffe
