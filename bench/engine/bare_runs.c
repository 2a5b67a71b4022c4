/* What a run of three steps can't do without: three processes, and durable transactions.
   usage: bare_runs DATABASE RUNS TRANSACTIONS-PER-RUN */
#include <spawn.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>

extern char **environ;

static void sql(sqlite3 *database, const char *text) {
  char *message = NULL;
  if (sqlite3_exec(database, text, NULL, NULL, &message) == SQLITE_OK) return;
  fprintf(stderr, "bare_runs: %s\n", message);
  exit(1);
}

static void start_and_wait(void) {
  char *arguments[] = {"/bin/true", NULL};
  pid_t child;
  int status;
  if (posix_spawn(&child, arguments[0], NULL, NULL, arguments, environ) != 0) exit(1);
  if (waitpid(child, &status, 0) != child || status != 0) exit(1);
}

int main(int count, char **arguments) {
  if (count != 4) return 2;
  const int runs = atoi(arguments[2]), transactions = atoi(arguments[3]);
  sqlite3 *database;
  if (sqlite3_open(arguments[1], &database) != SQLITE_OK) return 1;
  sql(database, "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL");
  sql(database, "CREATE TABLE t (id INTEGER PRIMARY KEY, name TEXT, state TEXT)");
  for (int run = 0; run < runs; ++run) {
    for (int step = 0; step < 3; ++step) start_and_wait();
    for (int i = 0; i < transactions; ++i) {
      sql(database, "BEGIN IMMEDIATE; INSERT INTO t (name, state) VALUES ('a name', 'queued');"
                    "UPDATE t SET state = 'running' WHERE id = last_insert_rowid();"
                    "INSERT INTO t (name, state) VALUES ('an event', 'what happened'); COMMIT");
    }
  }
  return sqlite3_close(database) == SQLITE_OK ? 0 : 1;
}
