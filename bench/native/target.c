/* The functions that every implementation calls: as little work as possible, so that the call is what is measured. */
#include <pthread.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

void do_nothing(void) {}

int32_t add_i32(int32_t a, int32_t b) { return a + b; }

double add_f64(double a, double b) { return a + b; }

int32_t add_8_i32(int32_t a, int32_t b, int32_t c, int32_t d, int32_t e, int32_t f, int32_t g, int32_t h) {
  return a + b + c + d + e + f + g + h;
}

int64_t add_i64(int64_t a, int64_t b) { return a + b; }

void *same_address(void *address) { return address; }

size_t text_length(const char *text) { return strlen(text); }

const char *greeting(void) { return "hello world"; }

double sum_16(const double *values) {
  double sum = 0;
  for (int i = 0; i < 16; i++) sum += values[i];
  return sum;
}

typedef struct { double x, y; } Pair;
typedef struct { int32_t id; float weight; } Tag;
typedef struct { Pair position, velocity; Tag first, second; int64_t time; uint8_t kind; } Body;

Pair add_pairs(Pair a, Pair b) { return (Pair){a.x + b.x, a.y + b.y}; }

Body move_body(Body body, double by) {
  body.position.x += body.velocity.x * by;
  body.position.y += body.velocity.y * by;
  body.time++;
  return body;
}

int32_t call_1000_times(int32_t (*function)(int32_t, int32_t)) {
  int32_t sum = 0;
  for (int32_t i = 0; i < 1000; i++) sum = function(sum, i);
  return sum;
}

int32_t call_once(int32_t (*function)(int32_t, int32_t), int32_t a, int32_t b) { return function(a, b); }

int32_t sort_1000(int32_t (*function)(const void *, const void *)) {
  int32_t values[1000];
  for (int32_t i = 0; i < 1000; i++) values[i] = i * 7919 % 1000;
  qsort(values, 1000, sizeof *values, function);
  return values[500];
}

/* What reads are measured by. The first member's address is that of all. */
typedef struct {
  int64_t long_value; /* at 0 */
  double double_value;
  void *pointer;
  int32_t int_value; /* at 24 */
  uint8_t byte_value;
  Pair pair; /* at 32 */
  Body body; /* at 48 */
  char text[16]; /* at 112 */
  double values[16]; /* at 128 */
} Sample;

static Sample sample = {
    .long_value = -42,
    .double_value = 1.5,
    .pointer = (void *)0x7f0012345670,
    .int_value = 7,
    .byte_value = 200,
    .pair = {1, 2},
    .body = {{1, 2}, {3, 4}, {5, 6}, {7, 8}, 9, 10},
    .text = "hello world",
};

_Static_assert(offsetof(Sample, int_value) == 24 && offsetof(Sample, byte_value) == 28, "cases/reads.mjs");
_Static_assert(offsetof(Sample, pair) == 32 && offsetof(Sample, body) == 48, "cases/reads.mjs");
_Static_assert(offsetof(Sample, text) == 112 && offsetof(Sample, values) == 128, "cases/reads.mjs");

void *get_sample(void) { return &sample; }

/* How cost grows. */
#define I int32_t
#define I4 I, I, I, I
int32_t ints_1(I a) { return a; }
int32_t ints_2(I a, I) { return a; }
int32_t ints_4(I a, I, I, I) { return a; }
int32_t ints_6(I a, I, I, I, I, I) { return a; }
int32_t ints_8(I a, I, I, I, I4) { return a; }
int32_t ints_12(I a, I, I, I, I4, I4) { return a; }
int32_t ints_16(I a, I, I, I, I4, I4, I4) { return a; }
int32_t ints_32(I a, I, I, I, I4, I4, I4, I4, I4, I4, I4) { return a; }

/* Does not look through the string: what is measured is bringing it here. */
uint32_t text_end(const char *text) { return (uint8_t)*text; }

#define DOUBLES(n)                                                                                           \
  typedef struct { double values[n]; } Doubles##n;                                                           \
  Doubles##n same_doubles_##n(Doubles##n given) { return given; }
DOUBLES(1)
DOUBLES(2)
DOUBLES(4)
DOUBLES(8)
DOUBLES(16)
DOUBLES(32)

/* `count` threads call the function `each` times, and are waited for: the sum of what it gave. */
typedef struct {
  int32_t (*function)(int32_t, int32_t);
  int32_t each;
  int64_t sum;
} Caller;

static void *call_from_thread(void *given) {
  Caller *caller = given;
  for (int32_t i = 0; i < caller->each; i++) caller->sum += caller->function(i, 1);
  return NULL;
}

int64_t call_from_threads(int32_t (*function)(int32_t, int32_t), int32_t count, int32_t each) {
  pthread_t threads[64];
  Caller callers[64];
  int64_t sum = 0;
  for (int32_t i = 0; i < count; i++) {
    callers[i] = (Caller){function, each, 0};
    if (pthread_create(&threads[i], NULL, call_from_thread, &callers[i]) != 0) return -1;
  }
  for (int32_t i = 0; i < count; i++) {
    pthread_join(threads[i], NULL);
    sum += callers[i].sum;
  }
  return sum;
}

/* Some microseconds of work. */
double work(int32_t rounds) {
  volatile double sum = 0;
  for (int32_t i = 1; i <= rounds; i++) sum += 1.0 / i;
  return sum;
}

/* Where a count of instructions begins and ends: bench/instructions.mjs has callgrind write its figures when this is called. */
void instructions_mark(void) {}
