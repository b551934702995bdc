/* Runs the model named on the command line on x = 0, 1, 2, … of shape [2, 3]; prints each output,
 * what the first begins with when each default is 10 instead, then the first again, written to
 * memory of our own. A second argument names the device. */
#include <convoy/convoy.h>
#include <stdio.h>

static int fail(const char* what) {
  fprintf(stderr, "%s: %s\n", what, convoy_last_error());
  return 1;
}

int main(int argc, char** argv) {
  convoy_options options = {0};
  convoy_session* session = NULL;
  convoy_outputs* outputs = NULL;
  convoy_binding* binding = NULL;
  convoy_value_info info;
  float x[6] = {0, 1, 2, 3, 4, 5};
  float y[6];
  convoy_input input = {"x", {CONVOY_FLOAT32, 2, {2, 3}, NULL}};
  convoy_tensor first = {CONVOY_FLOAT32, 2, {2, 3}, NULL};
  const convoy_tensor one = {CONVOY_FLOAT32, 1, {1}, NULL};
  size_t i;
  int64_t j, count;

  if (argc < 2) return 2;
  options.struct_size = sizeof options;
  options.device = argc > 2 ? argv[2] : NULL;
  if (convoy_session_open(argv[1], &options, &session) != CONVOY_OK) return fail("open");
  input.tensor.data = x;
  first.data = y;
  if (convoy_session_run(session, &input, 1, &outputs) != CONVOY_OK) return fail("run");
  for (i = 0; i < convoy_outputs_count(outputs); ++i) {
    convoy_tensor tensor;
    if (convoy_outputs_get(outputs, i, &tensor) != CONVOY_OK) return fail("get");
    for (count = 1, j = 0; j < tensor.rank; ++j) count *= tensor.shape[j];
    for (j = 0; j < count; ++j) printf("%g ", ((const float*)tensor.data)[j]);
    printf("\n");
  }
  convoy_outputs_release(outputs);

  for (i = 0; i < convoy_session_overridable_count(session); ++i) {
    convoy_input inputs[2];
    convoy_tensor tensor;
    const float other = 10;
    if (convoy_session_overridable(session, i, &info) != CONVOY_OK) return fail("describe");
    inputs[0] = input;
    inputs[1].name = info.name;
    inputs[1].tensor = one;
    inputs[1].tensor.data = &other;
    if (convoy_session_run(session, inputs, 2, &outputs) != CONVOY_OK) return fail("run again");
    if (convoy_outputs_get(outputs, 0, &tensor) != CONVOY_OK) return fail("get");
    printf("%s=10 %g\n", info.name, ((const float*)tensor.data)[1]);
    convoy_outputs_release(outputs);
  }

  if (convoy_session_output(session, 0, &info) != CONVOY_OK) return fail("describe");
  if (convoy_binding_open(session, &binding) != CONVOY_OK) return fail("bind");
  if (convoy_binding_input(binding, "x", &input.tensor) != CONVOY_OK) return fail("bind x");
  if (convoy_binding_output(binding, info.name, &first) != CONVOY_OK) return fail("bind y");
  if (convoy_binding_run(binding) != CONVOY_OK) return fail("run bound");
  for (i = 0; i < 6; ++i) printf("%g ", y[i]);
  printf("\n");
  convoy_binding_release(binding);
  convoy_session_release(session);
  return 0;
}
