/* Runs the model named on the command line: once with outputs that Convoy allocates, then three
 * times with memory of our own.
 *
 * Prints, for the model of write_model.py:
 *   y [1, 2, 7]: 1 3 5 7 9 11 13 1 1 1 1 1 1 1
 *   run 0, last sum: 13
 *   run 1, last sum: 14
 *   run 2, last sum: 15
 */
#include <convoy/convoy.h>
#include <stdio.h>

/* Every call gives a convoy_status; convoy_last_error() has the message. */
static int failed(convoy_status status, const char* what) {
  if (status == CONVOY_OK) return 0;
  fprintf(stderr, "%s: %s\n", what, convoy_last_error());
  return 1;
}

static int run_once(convoy_session* session, const convoy_tensor* x) {
  convoy_outputs* outputs = NULL;
  convoy_tensor y; /* valid until the outputs are released */
  convoy_input input;
  int64_t i, count = 1;
  input.name = "x";
  input.tensor = *x;
  if (failed(convoy_session_run(session, &input, 1, &outputs), "run")) return 1;
  if (failed(convoy_outputs_get(outputs, 0, &y), "output")) return 1;
  for (i = 0; i < y.rank; ++i) {
    printf(i == 0 ? "y [%d" : ", %d", (int)y.shape[i]);
    count *= y.shape[i];
  }
  printf("]:");
  for (i = 0; i < count; ++i) printf(" %g", ((const float*)y.data)[i]);
  printf("\n");
  convoy_outputs_release(outputs);
  return 0;
}

/* Each run reads x and writes y where they lie, and allocates nothing. */
static int run_bound(convoy_session* session, const convoy_tensor* x, float* values) {
  float y[1 * 2 * 7];
  const convoy_tensor output = {CONVOY_FLOAT32, 3, {1, 2, 7}, y};
  convoy_binding* binding = NULL;
  int run;
  if (failed(convoy_binding_open(session, &binding), "bind")) return 1;
  if (failed(convoy_binding_input(binding, "x", x), "bind x")) return 1;
  if (failed(convoy_binding_output(binding, "y", &output), "bind y")) return 1;
  for (run = 0; run < 3; ++run) {
    if (failed(convoy_binding_run(binding), "run bound")) return 1;
    printf("run %d, last sum: %g\n", run, y[6]);
    values[7] += 1;
  }
  convoy_binding_release(binding);
  return 0;
}

int main(int argc, char** argv) {
  float values[1 * 2 * 8];
  const convoy_tensor x = {CONVOY_FLOAT32, 3, {1, 2, 8}, values};
  convoy_options options = {0};
  convoy_session* session = NULL;
  int i;

  if (argc != 2) {
    fprintf(stderr, "usage: %s model.onnx\n", argv[0]);
    return 2;
  }
  for (i = 0; i < 16; ++i) values[i] = (float)i;
  options.struct_size = sizeof options; /* which fields this program knows */
  options.threads = 1;                  /* of each run; 0 takes what the process may use */
  if (failed(convoy_session_open(argv[1], &options, &session), "open")) return 1;
  if (run_once(session, &x) || run_bound(session, &x, values)) return 1;
  convoy_session_release(session);
  return 0;
}
