// The yardstick of a log reader: opens, reads and closes the files 00000000000000000000.json and on of a folder, and
// does nothing with what it read. usage: read_files FOLDER COUNT THREADS
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { kBlock = 256, kMostThreads = 64 };

static int folder;
static long count;
static atomic_long next_block;
static atomic_long total_bytes;

static void Stop(const char* what) {
  fprintf(stderr, "read_files: %s: %s\n", what, strerror(errno));
  exit(1);
}

static void ReadOne(long version, char* buffer, size_t size, long* bytes) {
  char name[32];
  snprintf(name, sizeof name, "%020ld.json", version);
  const int file = openat(folder, name, O_RDONLY | O_CLOEXEC);
  if (file < 0) Stop(name);
  for (;;) {
    const ssize_t got = read(file, buffer, size);
    if (got < 0) Stop(name);
    if (got == 0) break;
    *bytes += got;
  }
  close(file);
}

static void* Work(void* unused) {
  (void)unused;
  const size_t size = 1 << 20;
  char* buffer = malloc(size);
  long bytes = 0;
  for (;;) {
    const long first = atomic_fetch_add(&next_block, kBlock);
    if (first >= count) break;
    for (long version = first; version < count && version < first + kBlock; ++version) {
      ReadOne(version, buffer, size, &bytes);
    }
  }
  free(buffer);
  atomic_fetch_add(&total_bytes, bytes);
  return NULL;
}

int main(int argc, char** argv) {
  if (argc != 4) {
    fprintf(stderr, "usage: read_files FOLDER COUNT THREADS\n");
    return 2;
  }
  folder = open(argv[1], O_RDONLY | O_DIRECTORY);
  if (folder < 0) Stop(argv[1]);
  count = atol(argv[2]);
  const int threads = atoi(argv[3]);
  if (threads < 1 || threads > kMostThreads) {
    fprintf(stderr, "read_files: from 1 to %d threads\n", kMostThreads);
    return 2;
  }
  pthread_t workers[kMostThreads];
  for (int i = 0; i < threads; ++i) {
    if (pthread_create(&workers[i], NULL, Work, NULL) != 0) Stop("pthread_create");
  }
  for (int i = 0; i < threads; ++i) pthread_join(workers[i], NULL);
  printf("%ld bytes\n", atomic_load(&total_bytes));
  return 0;
}
