// A table in memory: what its log says at each version. Knows days as numbers and nothing of partition keys.
#pragma once

#include <compare>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "days.h"

namespace latecomer::simulation {

// One partition: a day, and a country where the table has that column.
struct Slot {
  static constexpr int kNoCountry = -1;
  Day day = 0;
  int country = kNoCountry;
  friend auto operator<=>(const Slot&, const Slot&) = default;
};

std::string SlotText(const Slot& slot);

struct SimFile {
  std::int64_t id = 0;
  Slot slot;
  bool padded = false;  // its writer spells numbers in keys with a leading zero: month=09
  std::vector<std::int64_t> rows;
};
using FilePtr = std::shared_ptr<const SimFile>;

struct FileAction {
  FilePtr file;
  bool add = true;
  bool data_change = true;
};

// A write under a token, as a txn action and the commit's info tell it.
struct TokenWrite {
  std::string app_id;
  std::int64_t token = 0;
  std::string ledger_id;
  std::string run_id;
  int try_number = 0;
  std::map<std::string, std::int64_t> vector;
  std::vector<std::string> predecessors{};  // ledgers that its own took over from; the commit doesn't say them

  bool SameWriteAs(const TokenWrite& other) const {
    return ledger_id == other.ledger_id && run_id == other.run_id && try_number == other.try_number &&
           vector == other.vector;
  }
};

struct SimCommit {
  std::int64_t at_ms = 0;
  std::string operation;
  std::vector<FileAction> actions;
  std::optional<TokenWrite> write;
  bool replaces_table = false;  // CREATE OR REPLACE: the table's id changes
};

// Live files by partition; a partition without any is left out.
using TableState = std::map<Slot, std::vector<FilePtr>>;

class SimTable {
 public:
  enum class Columns { kDate, kYearMonthDay };

  SimTable(std::string location, Columns columns, bool with_country)
      : location_(std::move(location)), columns_(columns), with_country_(with_country) {}

  const std::string& location() const { return location_; }
  Columns columns() const { return columns_; }
  bool with_country() const { return with_country_; }

  bool Exists() const { return !commits_.empty(); }
  std::int64_t newest() const { return static_cast<std::int64_t>(commits_.size()) - 1; }
  // Commit files before this one are gone; a checkpoint at it tells the state.
  std::int64_t oldest() const { return oldest_; }
  // The table's id changes when its folder is made anew, and with each REPLACE.
  int IdAt(std::int64_t version) const { return names_[static_cast<std::size_t>(version)].table_id; }
  // Which commit it is of all that were ever made here: another one at the same version has another number.
  std::int64_t SerialAt(std::int64_t version) const { return names_[static_cast<std::size_t>(version)].serial; }

  const SimCommit& commit(std::int64_t version) const { return commits_[static_cast<std::size_t>(version)]; }
  const TableState& StateAt(std::int64_t version) const { return *states_[static_cast<std::size_t>(version)]; }
  const TableState& Newest() const {
    static const TableState kNothing;
    return Exists() ? StateAt(newest()) : kNothing;
  }
  const TokenWrite* LastWrite(const std::string& app_id) const;
  // The commit of that write, which says more of it than its token, is still in the log.
  bool TellsLastWrite(const std::string& app_id) const;

  // Returns the new version.
  std::int64_t Commit(SimCommit commit);
  // Removes commit files before `version`.
  void CleanLog(std::int64_t version) { oldest_ = std::max(oldest_, version); }
  // The folder is removed and begun again with a table of another id, which has no commit yet.
  void Recreate();
  // An older copy of the folder is put in its place: what came after `version` is gone. Not for tables of outputs.
  void RollBack(std::int64_t version);

 private:
  std::string location_;
  Columns columns_;
  bool with_country_;
  std::vector<SimCommit> commits_;
  std::vector<std::shared_ptr<const TableState>> states_;
  struct Names {
    int table_id = 0;
    std::int64_t serial = 0;
  };
  std::vector<Names> names_;  // by version
  struct Written {
    TokenWrite write;
    std::int64_t version = 0;
  };
  std::map<std::string, Written> writes_;  // the newest by app id
  std::int64_t oldest_ = 0;
  int ids_ = 1;            // that its tables have had
  std::int64_t made_ = 0;  // commits ever
};

}  // namespace latecomer::simulation
