/* Convoy's C interface: load an ONNX model, run it, read its outputs.
 *
 * Functions return CONVOY_OK or an error code; convoy_last_error() then has the message of the
 * calling thread's last failure. Handles are opaque and released by their own function, which
 * accepts NULL. A session may be used by several threads at once; other handles by one thread at a
 * time. */
#ifndef CONVOY_CONVOY_H
#define CONVOY_CONVOY_H

#include <stddef.h>
#include <stdint.h>

#if defined(CONVOY_BUILDING)
#define CONVOY_API __attribute__((visibility("default")))
#else
#define CONVOY_API
#endif

#ifdef __cplusplus
extern "C" {
#endif

#define CONVOY_VERSION_MAJOR 0
#define CONVOY_VERSION_MINOR 1
#define CONVOY_MAX_RANK 12

typedef enum convoy_status {
  CONVOY_OK = 0,
  CONVOY_INVALID_MODEL = 1,
  CONVOY_INVALID_INPUT = 2,
  CONVOY_UNSUPPORTED = 3,
  CONVOY_OUT_OF_MEMORY = 4,
  CONVOY_DEVICE_FAILURE = 5,
  CONVOY_INTERNAL = 6
} convoy_status;

/* Element types; the values are those of onnx.TensorProto.DataType. */
typedef enum convoy_dtype {
  CONVOY_UNDEFINED = 0,
  CONVOY_FLOAT32 = 1,
  CONVOY_UINT8 = 2,
  CONVOY_INT8 = 3,
  CONVOY_UINT16 = 4,
  CONVOY_INT16 = 5,
  CONVOY_INT32 = 6,
  CONVOY_INT64 = 7,
  CONVOY_BOOL = 9,
  CONVOY_FLOAT16 = 10,
  CONVOY_FLOAT64 = 11,
  CONVOY_UINT32 = 12,
  CONVOY_UINT64 = 13,
  CONVOY_BFLOAT16 = 16
} convoy_dtype;

typedef struct convoy_session convoy_session;
typedef struct convoy_outputs convoy_outputs;
typedef struct convoy_binding convoy_binding;
/* Part of an output that is no tensor of numbers: a sequence, a map, strings. */
typedef struct convoy_value convoy_value;

typedef enum convoy_kind {
  CONVOY_NOTHING = 0, /* an optional that is empty */
  CONVOY_TENSOR = 1,
  CONVOY_STRINGS = 2, /* a tensor of strings */
  CONVOY_SEQUENCE = 3,
  CONVOY_MAP = 4
} convoy_kind;

/* Set struct_size to sizeof(convoy_options); fields that are 0 or NULL mean the default. */
typedef struct convoy_options {
  size_t struct_size;
  int32_t threads;          /* of one run; 0: as many as the process may use */
  int32_t disable_optimize; /* 1: run the graph as it is in the file */
  size_t memory_limit;      /* bytes of intermediate values of one run; 0: no limit */
  const char* tuning_file;  /* where measured kernel choices are kept; NULL: chosen by rule */
  const char* device;       /* where nodes are computed that have a kernel there; NULL: "cpu" */
  const char* denormals;    /* NULL or "auto": numbers below 2^-126 are 0 in convolutions, products,
                               pooling, normalization and recurrent layers, which they slow down;
                               "keep": nowhere; "flush": everywhere */
} convoy_options;

/* Contiguous, row-major elements. As an input: read during the run only. As an output: valid until
 * convoy_outputs_release. */
typedef struct convoy_tensor {
  convoy_dtype dtype;
  int32_t rank;
  int64_t shape[CONVOY_MAX_RANK];
  const void* data;
} convoy_tensor;

typedef struct convoy_input {
  const char* name;
  convoy_tensor tensor;
} convoy_input;

/* Of an input or output of a model; unknown sizes are -1, an unknown rank too. The name is valid as
 * long as the session. */
typedef struct convoy_value_info {
  const char* name;
  convoy_dtype dtype;
  int32_t rank;
  int64_t shape[CONVOY_MAX_RANK];
} convoy_value_info;

/* "0.1.0" */
CONVOY_API const char* convoy_version(void);
/* The message of this thread's last failure, "" if there was none. Valid until its next call. */
CONVOY_API const char* convoy_last_error(void);

/* Loads a model file, with its external data, and makes it ready to run. `options` may be NULL. */
CONVOY_API convoy_status convoy_session_open(const char* path, const convoy_options* options,
                                             convoy_session** session);
/* The same of a model in memory; `bytes` may be released after the call. */
CONVOY_API convoy_status convoy_session_open_bytes(const void* bytes, size_t size,
                                                   const convoy_options* options,
                                                   convoy_session** session);
/* Bindings of the session must be released before. */
CONVOY_API void convoy_session_release(convoy_session* session);

/* Inputs that must be fed. */
CONVOY_API size_t convoy_session_input_count(const convoy_session* session);
/* Outputs, in the model's order. */
CONVOY_API size_t convoy_session_output_count(const convoy_session* session);
/* Name, type and shape of input number `index`. */
CONVOY_API convoy_status convoy_session_input(const convoy_session* session, size_t index,
                                              convoy_value_info* info);
/* Name, type and shape of output number `index`. */
CONVOY_API convoy_status convoy_session_output(const convoy_session* session, size_t index,
                                               convoy_value_info* info);
/* Initializers that the model lists among its inputs: they need not be fed, but may be, by name,
 * which stands in for the default in that run alone. They are not counted as inputs above. */
CONVOY_API size_t convoy_session_overridable_count(const convoy_session* session);
/* Name, type and shape of overridable initializer number `index`. */
CONVOY_API convoy_status convoy_session_overridable(const convoy_session* session, size_t index,
                                                    convoy_value_info* info);

/* Runs once; all outputs in the model's order. */
CONVOY_API convoy_status convoy_session_run(convoy_session* session, const convoy_input* inputs,
                                            size_t input_count, convoy_outputs** outputs);
/* As many as the model has. */
CONVOY_API size_t convoy_outputs_count(const convoy_outputs* outputs);
/* Fails for an output that is no tensor of one of the types above. */
CONVOY_API convoy_status convoy_outputs_get(const convoy_outputs* outputs, size_t index,
                                            convoy_tensor* tensor);
/* An output of any kind; NULL if there is none of that number. Values, and what is read through
 * them, are valid until convoy_outputs_release. */
CONVOY_API const convoy_value* convoy_outputs_value(const convoy_outputs* outputs, size_t index);
/* What the value is. */
CONVOY_API convoy_kind convoy_value_kind(const convoy_value* value);
/* Elements of a tensor or a sequence, entries of a map; 0 of nothing. */
CONVOY_API size_t convoy_value_count(const convoy_value* value);
/* An element of a sequence; NULL if there is none of that number. */
CONVOY_API const convoy_value* convoy_value_element(const convoy_value* value, size_t index);
/* A tensor of numbers; of a map of numbers its values, one after the other. */
CONVOY_API convoy_status convoy_value_tensor(const convoy_value* value, convoy_tensor* tensor);
/* An element of a tensor of strings, or a value of a map of strings. The text is not ended by a 0
 * and may hold any byte. */
CONVOY_API convoy_status convoy_value_string(const convoy_value* value, size_t index,
                                             const char** text, size_t* length);
/* Keys of a map, in the order of its values: integers as an array of convoy_value_count numbers, or
 * strings one by one, below. Both fail for keys of the other type. */
CONVOY_API convoy_status convoy_map_integer_keys(const convoy_value* map, const int64_t** keys);
/* Key number `index` of a map, as convoy_value_string. */
CONVOY_API convoy_status convoy_map_string_key(const convoy_value* map, size_t index,
                                               const char** text, size_t* length);
/* With everything that was read through it. */
CONVOY_API void convoy_outputs_release(convoy_outputs* outputs);

/* Memory of the caller's that a session reads and writes again and again, without allocating. The
 * session outlives the binding; several bindings of one session may run at once. */
CONVOY_API convoy_status convoy_binding_open(convoy_session* session, convoy_binding** binding);
/* The memory is read by every run until another is bound. */
CONVOY_API convoy_status convoy_binding_input(convoy_binding* binding, const char* name,
                                              const convoy_tensor* tensor);
/* Every run writes the output to tensor->data. Its type and shape must be the output's, which each
 * run checks. */
CONVOY_API convoy_status convoy_binding_output(convoy_binding* binding, const char* name,
                                               const convoy_tensor* tensor);
/* Outputs that are not bound are computed and dropped. */
CONVOY_API convoy_status convoy_binding_run(convoy_binding* binding);
/* The memory stays the caller's. */
CONVOY_API void convoy_binding_release(convoy_binding* binding);

#ifdef __cplusplus
}
#endif

#endif
