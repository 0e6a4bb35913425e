// Says what an LMDB of datums holds, and whether it can be used.

#include <gflags/gflags.h>

#include <filesystem>
#include <iostream>
#include <string>
#include <vector>

#include "caffe/error.hpp"
#include "caffe/util/db_lmdb.hpp"
#include "data_tools/content_hash.hpp"
#include "data_tools/database_summary.hpp"
#include "data_tools/manifest.hpp"
#include "data_tools/record_stream.hpp"
#include "data_tools/tool_main.hpp"

DEFINE_bool(json, false, "print one JSON object");
DEFINE_int32(head, 0, "show this many records from the front");
DEFINE_bool(check, false, "decode every image and look for damage");
DEFINE_int32(threads, 0, "that decode images; 0 is one for each core");

namespace caffe {
namespace {

constexpr char kUsage[] = R"(Usage: lmdb_info [flags] DB

Says what an LMDB of Caffe's datums holds: number and size of the records, whether they are bytes,
floats or encoded images, their shapes, how many of each label, and which record is bad. A bad
record gives exit code 1.

  --head N      also show the first N records
  --check       also decode every image: finds damaged ones, and tells their shapes; and compare the
                records with the manifest's hash
  --json        print one JSON object instead of text
  --threads N   for --check (0: one for each core)
)";

/// @param hash  of the records, or null
void CheckManifest(const Manifest& manifest, const DatabaseSummary& summary,
                   const ContentHash* hash) {
  const std::string advice =
      ". One of the two is not as it was made. Make the database again; if it was changed on "
      "purpose, remove the manifest.";
  Require(static_cast<uint64_t>(manifest.records()) == summary.records, summary.name, " has ",
          summary.records, " records, its manifest says ", manifest.records(), advice);
  Require(hash == nullptr || HexText(hash->bytes()) == manifest.content_hash(), summary.name,
          ": its records are others than those that its manifest has the hash of", advice);
}

int Run(const std::vector<std::string>& arguments) {
  Require(arguments.size() == 1, "Wanted one DB, found ", arguments.size(),
          " argument(s). See --help.");
  Require(FLAGS_head >= 0, "--head is ", FLAGS_head, ". Give 0 or more.");
  const std::string& path = arguments[0];
  db::LMDB database;
  database.Open(path, db::READ);
  DatabaseSummary summary;
  summary.name = path;
  std::error_code ignored;
  summary.file_bytes =
      std::filesystem::file_size(std::filesystem::path(path) / "data.mdb", ignored);
  summary.manifest = ReadManifest(path);
  const bool hashes = FLAGS_check && summary.manifest;
  ContentHash hash;
  ForEachRecord(&database,
                {.decoding = FLAGS_check ? Decoding::kNative : Decoding::kNone,
                 .strict = FLAGS_check,
                 .digest = hashes,
                 .threads = ThreadsOf(FLAGS_threads)},
                [&](const Record& record) {
                  summary.Add(record, FLAGS_check, FLAGS_head);
                  if (hashes) hash.Add(record.key, record.digest);
                });
  std::cout << (FLAGS_json ? summary.ToJson() : summary.ToText()) << std::flush;
  Require(summary.records == database.size(), path, ": it has ", database.size(),
          " records by its own count, and ", summary.records,
          " can be found. It is damaged, or another program writes to it.");
  Require(summary.bad == 0, path, ": ", summary.bad, " of ", summary.records,
          " records are bad. The first, ", QuotedKey(summary.first_bad_key), ": ",
          summary.first_bad_problem, summary.first_bad_problem.ends_with('.') ? "" : ".");
  if (summary.manifest) CheckManifest(*summary.manifest, summary, hashes ? &hash : nullptr);
  return 0;
}

}  // namespace
}  // namespace caffe

int main(int argc, char** argv) { return caffe::ToolMain(argc, argv, caffe::kUsage, caffe::Run); }
