/* The functions that every implementation calls: as little work as possible, so that the call is what is measured. */
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
