#include "sim_jobs.h"

#include <algorithm>

#include "sim_history.h"
#include "sim_keys.h"

namespace latecomer::simulation {
namespace {

constexpr std::int64_t kLongestDelay = 6 * 3'600'000;

std::map<std::string, std::int64_t> VersionsOf(const executor::SqlWork& work) {
  std::map<std::string, std::int64_t> versions;
  for (const auto& source : work.sources) versions[source.name] = source.version.value;
  return versions;
}

std::string NameOf(const executor::AttemptName& name) {
  return name.ledger_id + "/" + name.pipeline + "/" + name.run_id + "/" + std::to_string(name.try_number) + "/" +
         name.step + "/" + std::to_string(name.number) + "/" + FormatInstant(name.started);
}

TokenWrite WriteOf(const table::WriteTransaction& transaction) {
  return {.app_id = transaction.app_id,
          .token = transaction.version,
          .ledger_id = transaction.ledger_id,
          .run_id = transaction.run_id,
          .try_number = transaction.try_number,
          .vector = transaction.vector,
          .predecessors = transaction.predecessors};
}

// A ledger's writes are followed by its own, and by those of a ledger that took over from it.
bool MayFollow(const TokenWrite& newest, const TokenWrite& wanted) {
  if (newest.ledger_id.empty() || newest.ledger_id == wanted.ledger_id) return true;
  return std::find(wanted.predecessors.begin(), wanted.predecessors.end(), newest.ledger_id) !=
         wanted.predecessors.end();
}

// The rows of the mapped partitions at the pinned versions.
Result<std::vector<std::int64_t>> ReadRows(const executor::SqlWork& work, table::Catalog& catalog,
                                           const std::function<SimTable&(const std::string&)>& find_table) {
  std::vector<std::int64_t> rows;
  for (const auto& source : work.sources) {
    LATECOMER_ASSIGN_OR_RETURN(const auto history, catalog.OpenHistory(source.location));
    LATECOMER_ASSIGN_OR_RETURN(const auto files, history->ReadFiles(source.version, source.mapped));
    std::map<std::string, FilePtr> by_path;
    for (const auto& [slot, live] : find_table(source.location).StateAt(source.version.value)) {
      for (const FilePtr& file : live) by_path[PathOf(*file)] = file;
    }
    for (const table::DataFile& file : files) {
      const SimFile& found = *by_path.at(file.path);
      rows.insert(rows.end(), found.rows.begin(), found.rows.end());
    }
  }
  return rows;
}

}  // namespace

std::vector<std::int64_t> Aggregate(std::vector<std::int64_t> rows) {
  if (rows.empty()) return {};
  std::sort(rows.begin(), rows.end());
  std::uint64_t digest = 1469598103934665603ULL;
  for (const std::int64_t row : rows) digest = (digest ^ static_cast<std::uint64_t>(row)) * 1099511628211ULL;
  return {static_cast<std::int64_t>(digest >> 1)};
}

std::vector<std::int64_t> ContentBefore(const SimTable& output, const Slot& slot) {
  if (!HasInterval(slot.day)) return {};
  const TableState& state = output.Newest();
  for (auto it = state.lower_bound(slot); it != state.begin();) {
    --it;
    if (!HasInterval(it->first.day)) break;
    if (it->first.country == slot.country) return it->second.front()->rows;
  }
  return {};
}

Verdict JudgeToken(const TokenWrite* newest, const TokenWrite& wanted) {
  if (newest == nullptr) return Verdict::kWrite;
  if (!MayFollow(*newest, wanted) || wanted.token < newest->token) return Verdict::kRefuse;
  if (wanted.token > newest->token) return Verdict::kWrite;
  return newest->SameWriteAs(wanted) ? Verdict::kRepeat : Verdict::kRefuse;
}

Result<std::string> SimJobs::Start(const executor::AttemptSpec& spec, int machine, table::Catalog& catalog) {
  Job job;
  job.name = NameOf(spec.name);
  if (outside) {
    for (const auto& [handle, known] : jobs_) {
      if (known.name == job.name) return handle;
    }
  }
  job.handle = "job-" + std::to_string(++started_);
  job.folder = spec.folder;
  job.machine = machine;
  const bool slow = dice_.Percent(failures.percent_slow);
  job.ends_ms = time_.true_ms + dice_.Between(1, slow ? kLongestDelay : failures.longest_ms);
  if (spec.timeout) job.timeout_ms = time_.true_ms + spec.timeout->count();
  if (dice_.Percent(failures.percent_failing)) {
    job.fate = Fate::kFailure;
  } else if (dice_.Percent(failures.percent_odd)) {
    job.fate = dice_.OneIn(2) ? Fate::kLostEnd : Fate::kWrittenTwice;
  }
  if (const auto* sql = std::get_if<executor::SqlWork>(&spec.work)) {
    LATECOMER_ASSIGN_OR_RETURN(auto rows, ReadRows(*sql, catalog, find_table));
    if (!rows.empty() && is_cumulative && is_cumulative(sql->into)) {
      const auto before = ContentBefore(find_table(sql->into), SlotOf(sql->partition));
      rows.insert(rows.end(), before.begin(), before.end());
    }
    job.rows = Aggregate(std::move(rows));
    job.read_versions = VersionsOf(*sql);
    job.sql = *sql;
  }
  trace(job.handle + " started" + (job.sql ? " under token " + std::to_string(job.sql->transaction.version) : ""));
  const std::string handle = job.handle;
  jobs_.emplace(handle, std::move(job));
  return handle;
}

Job* SimJobs::Find(const std::string& handle) {
  const auto found = jobs_.find(handle);
  return found == jobs_.end() ? nullptr : &found->second;
}

void SimJobs::Kill(Job& job, const std::string& why) {
  if (job.phase != executor::Phase::kRunning) return;
  job.phase = executor::Phase::kFailed;
  job.message = why;
  trace(job.handle + " ended: " + why);
}

void SimJobs::KillOne() {
  std::vector<Job*> running;
  for (auto& [handle, job] : jobs_) {
    if (job.phase == executor::Phase::kRunning) running.push_back(&job);
  }
  if (!running.empty()) Kill(*dice_.Pick(running), "killed by signal 9");
}

void SimJobs::KillFolder(const std::string& folder) {
  for (auto& [handle, job] : jobs_) {
    if (job.folder == folder) Kill(job, "killed by signal 9");
  }
}

bool SimJobs::LivesElsewhere(const std::string& folder, int machine) const {
  return !outside && std::any_of(jobs_.begin(), jobs_.end(), [&](const auto& entry) {
    return entry.second.folder == folder && entry.second.machine != machine;
  });
}

std::optional<std::int64_t> SimJobs::NextEnd() const {
  std::optional<std::int64_t> next;
  const auto take = [&](std::int64_t at) { next = next ? std::min(*next, at) : at; };
  for (const auto& [handle, job] : jobs_) {
    if (job.phase != executor::Phase::kRunning) continue;
    take(job.ends_ms);
    if (job.timeout_ms != 0) take(job.timeout_ms);
  }
  for (const auto& [at, handle] : redeliveries_) take(at);
  return next;
}

void SimJobs::EndDue() {
  for (auto& [handle, job] : jobs_) {
    if (job.phase != executor::Phase::kRunning) continue;
    if (job.ends_ms <= time_.true_ms) {
      End(job);
    } else if (job.timeout_ms != 0 && job.timeout_ms <= time_.true_ms) {
      Kill(job, "timed out");
    }
  }
  const auto due = [&](const auto& entry) { return entry.first <= time_.true_ms; };
  for (const auto& entry : redeliveries_) {
    if (!due(entry)) continue;
    const Status again = Write(jobs_.at(entry.second));
    trace(entry.second + " delivered its write again: " + (again ? "taken" : again.error().message));
  }
  std::erase_if(redeliveries_, due);
}

void SimJobs::End(Job& job) {
  job.phase = executor::Phase::kFailed;
  job.message = "exit code 1";
  if (job.fate == Fate::kFailure) {
    trace(job.handle + " failed");
    return;
  }
  if (job.sql) {
    const Status written = Write(job);
    if (!written) {
      job.message = written.error().message;
      trace(job.handle + " didn't write: " + job.message);
      return;
    }
    if (job.fate == Fate::kWrittenTwice) {
      redeliveries_.emplace_back(time_.true_ms + dice_.Between(1, kLongestDelay), job.handle);
    }
  }
  if (job.fate == Fate::kLostEnd) {
    trace(job.handle + " succeeded, but nobody hears of it");
    job.message = "lost";
    return;
  }
  job.phase = executor::Phase::kSucceeded;
  trace(job.handle + " succeeded");
}

Status SimJobs::Write(const Job& job) {
  const executor::SqlWork& work = *job.sql;
  SimTable& table = find_table(work.into);
  const TokenWrite wanted = WriteOf(work.transaction);
  const TokenWrite* newest = table.LastWrite(wanted.app_id);
  const std::int64_t newest_token = newest == nullptr ? 0 : newest->token;
  TokenWrite token_alone{.app_id = wanted.app_id, .token = newest_token, .ledger_id = "", .run_id = "", .vector = {}};
  if (newest != nullptr && !table.TellsLastWrite(wanted.app_id)) newest = &token_alone;
  switch (rule(newest, wanted)) {
    case Verdict::kRefuse: return Fail(ErrorKind::kConflict, "another claim wrote this partition");
    case Verdict::kRepeat: return {};
    case Verdict::kWrite: break;
  }
  const Slot slot = SlotOf(work.partition);
  SimCommit commit{.at_ms = wall_ms(), .operation = "WRITE", .actions = {}, .write = wanted};
  const TableState& before = table.Newest();
  const auto live = before.find(slot);
  const std::vector<FilePtr> old = live == before.end() ? std::vector<FilePtr>() : live->second;
  const bool same = old.size() == (job.rows.empty() ? 0U : 1U) && (old.empty() || old.front()->rows == job.rows);
  if (!same) {
    for (const FilePtr& file : old) commit.actions.push_back({file, false, true});
    if (!job.rows.empty()) {
      commit.actions.push_back({std::make_shared<SimFile>(SimFile{next_file_id(), slot, false, job.rows}), true, true});
    }
  }
  table.Commit(std::move(commit));
  on_write({work.into, slot, wanted, newest_token, job.read_versions});
  return {};
}

}  // namespace latecomer::simulation
