// What ThreadSanitizer is told in every program that is built with it, also one that a test starts with an environment
// of its own. A process that ends sleeps a second otherwise. Libraries that are not built with it are not looked into.
// Arrow's atomics aren't seen, nor what it does with memory before another thread gets that: threads that meet there
// only look like a race. Those of our own code on Arrow's memory are reported.
extern "C" const char* __tsan_default_options() {
  return "ignore_noninstrumented_modules=1:atexit_sleep_ms=0";
}

extern "C" const char* __tsan_default_suppressions() {
  return "race:libarrow.so\nrace:libparquet.so\n";
}
