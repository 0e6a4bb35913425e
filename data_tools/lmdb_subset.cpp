// Copies the first records of an LMDB, for experiments with less data.

#include <gflags/gflags.h>

#include <filesystem>
#include <iostream>
#include <memory>
#include <string>
#include <vector>

#include "caffe/error.hpp"
#include "caffe/proto/caffe.pb.h"
#include "caffe/util/db_lmdb.hpp"
#include "data_tools/atomic_output.hpp"
#include "data_tools/lmdb_writer.hpp"
#include "data_tools/manifest.hpp"
#include "data_tools/record_stream.hpp"
#include "data_tools/tool_main.hpp"

DEFINE_int64(records, 0, "how many to copy");
DEFINE_bool(force, false, "replace existing output");

namespace caffe {
namespace {

constexpr char kUsage[] = R"(Usage: lmdb_subset --records N [--force] IN OUT

Copies the first N records of the LMDB IN, in the order of their keys, into the new LMDB OUT.
Keys and datums stay as they are. Fewer than N records in IN are an error.

  --records N   how many to copy
  --force       replace existing output
)";

/// Throws Error if a record is no Datum.
void CopyRecords(const std::string& from, db::LMDB* database, LmdbWriter* writer) {
  const std::unique_ptr<db::Cursor> cursor(database->NewCursor());
  Datum datum;
  std::string value;
  for (int64_t i = 0; i < FLAGS_records; ++i, cursor->Next()) {
    CheckInterrupted();
    Require(cursor->valid(), from, ": ", i, " records can be found, and it has ", database->size(),
            " by its own count. It is damaged, or another program writes to it.");
    value = cursor->value();
    Require(datum.ParseFromString(value), from, ": record ", QuotedKey(cursor->key()),
            " is no Datum. lmdb_info says more.");
    writer->Add(cursor->key(), value);
  }
}

int Run(const std::vector<std::string>& arguments) {
  Require(arguments.size() == 2, "Wanted IN and OUT, found ", arguments.size(),
          " argument(s). See --help.");
  Require(FLAGS_records > 0, "--records is ", FLAGS_records, ". Give a number above 0.");
  db::LMDB database;
  database.Open(arguments[0], db::READ);
  const uint64_t size = database.size();
  Require(static_cast<uint64_t>(FLAGS_records) <= size, "--records is ", FLAGS_records, ", and ",
          arguments[0], " has ", size, ".");
  const std::filesystem::path out = std::filesystem::absolute(arguments[1]).lexically_normal();
  const std::string name =
      out.has_filename() ? out.filename().string() : out.parent_path().filename().string();
  const std::filesystem::path directory =
      out.has_filename() ? out.parent_path() : out.parent_path().parent_path();
  // A manifest of what was there before would be about other records.
  AtomicOutput output(directory, {ManifestName(name), name}, FLAGS_force);
  LmdbWriter writer(output.path(name));
  CopyRecords(arguments[0], &database, &writer);
  writer.Finish();
  output.Commit();
  std::cout << output.final_path(name).string() << ": " << writer.committed() << " records\n";
  return 0;
}

}  // namespace
}  // namespace caffe

int main(int argc, char** argv) { return caffe::ToolMain(argc, argv, caffe::kUsage, caffe::Run); }
