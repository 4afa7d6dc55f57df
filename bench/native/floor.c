/*
 * The floor: what the same calls cost from an addon written by hand against raw Node-API.
 * No status is looked at and no argument is checked, so nothing that goes through plain Node-API
 * can do less.
 */
#include <node_api.h>
#include <stddef.h>
#include <stdint.h>

void do_nothing(void);
int32_t add_i32(int32_t, int32_t);
double add_f64(double, double);
int32_t add_8_i32(int32_t, int32_t, int32_t, int32_t, int32_t, int32_t, int32_t, int32_t);
int64_t add_i64(int64_t, int64_t);
void *same_address(void *);
size_t text_length(const char *);
const char *greeting(void);
double sum_16(const double *);

#define NATIVE(name) static napi_value name(napi_env env, napi_callback_info info)
#define ARGUMENTS(n)                                                                                         \
  napi_value args[n];                                                                                        \
  size_t count = n;                                                                                          \
  napi_get_cb_info(env, info, &count, args, NULL, NULL)

NATIVE(call_do_nothing) {
  do_nothing();
  return NULL;
}

NATIVE(call_add_i32) {
  ARGUMENTS(2);
  int32_t a, b;
  napi_get_value_int32(env, args[0], &a);
  napi_get_value_int32(env, args[1], &b);
  napi_value result;
  napi_create_int32(env, add_i32(a, b), &result);
  return result;
}

NATIVE(call_add_f64) {
  ARGUMENTS(2);
  double a, b;
  napi_get_value_double(env, args[0], &a);
  napi_get_value_double(env, args[1], &b);
  napi_value result;
  napi_create_double(env, add_f64(a, b), &result);
  return result;
}

NATIVE(call_add_8_i32) {
  ARGUMENTS(8);
  int32_t v[8];
  for (int i = 0; i < 8; i++) napi_get_value_int32(env, args[i], &v[i]);
  napi_value result;
  napi_create_int32(env, add_8_i32(v[0], v[1], v[2], v[3], v[4], v[5], v[6], v[7]), &result);
  return result;
}

NATIVE(call_add_i64) {
  ARGUMENTS(2);
  int64_t a, b;
  napi_get_value_int64(env, args[0], &a);
  napi_get_value_int64(env, args[1], &b);
  napi_value result;
  napi_create_int64(env, add_i64(a, b), &result);
  return result;
}

NATIVE(call_same_address) {
  ARGUMENTS(1);
  int64_t address;
  napi_get_value_int64(env, args[0], &address);
  napi_value result;
  napi_create_int64(env, (int64_t)(intptr_t)same_address((void *)(intptr_t)address), &result);
  return result;
}

NATIVE(call_text_length) {
  ARGUMENTS(1);
  char text[256];
  size_t length;
  napi_get_value_string_utf8(env, args[0], text, sizeof text, &length);
  napi_value result;
  napi_create_int64(env, (int64_t)text_length(text), &result);
  return result;
}

NATIVE(call_greeting) {
  napi_value result;
  napi_create_string_utf8(env, greeting(), NAPI_AUTO_LENGTH, &result);
  return result;
}

NATIVE(call_sum_16) {
  ARGUMENTS(1);
  void *values;
  napi_get_typedarray_info(env, args[0], NULL, NULL, &values, NULL, NULL);
  napi_value result;
  napi_create_double(env, sum_16(values), &result);
  return result;
}

/* One function object per call of `make(symbol)`, so that two cases never share one. */
NATIVE(make) {
  static const struct {
    const char *symbol;
    napi_callback callback;
  } functions[] = {
      {"do_nothing", call_do_nothing},   {"add_i32", call_add_i32},           {"add_f64", call_add_f64},
      {"add_8_i32", call_add_8_i32},     {"add_i64", call_add_i64},           {"same_address", call_same_address},
      {"text_length", call_text_length}, {"greeting", call_greeting},         {"sum_16", call_sum_16},
  };
  ARGUMENTS(1);
  char wanted[64] = "";
  napi_get_value_string_utf8(env, args[0], wanted, sizeof wanted, NULL);
  for (size_t i = 0; i < sizeof functions / sizeof *functions; i++) {
    const char *a = functions[i].symbol, *b = wanted;
    while (*a != 0 && *a == *b) a++, b++;
    if (*a != *b) continue;
    napi_value function;
    napi_create_function(env, wanted, NAPI_AUTO_LENGTH, functions[i].callback, NULL, &function);
    return function;
  }
  napi_throw_error(env, NULL, "not written by hand");
  return NULL;
}

NAPI_MODULE_INIT() {
  napi_value function;
  napi_create_function(env, "make", NAPI_AUTO_LENGTH, make, NULL, &function);
  napi_set_named_property(env, exports, "make", function);
  return exports;
}
