/* Counts primes, slowly, and tells how far it is. The work of one thread of primes.mjs. */
#include <stdint.h>

struct job {
  uint32_t from, to, count;
  /* Called after each tenth; stops the work by a value other than 0. */
  int (*progress)(int worker, int tenths);
  int worker, stopped;
};

static int is_prime(uint32_t n) {
  for (uint32_t i = 2; (uint64_t)i * i <= n; i++) {
    if (n % i == 0) return 0;
  }
  return n >= 2;
}

void *count_primes(void *argument) {
  struct job *job = argument;
  uint32_t tenth = (job->to - job->from) / 10;
  for (uint32_t n = job->from, done = 0; n < job->to; n++) {
    job->count += is_prime(n);
    if (++done % tenth == 0 && job->progress(job->worker, done / tenth) != 0) {
      job->stopped = 1;
      break;
    }
  }
  return argument;
}
