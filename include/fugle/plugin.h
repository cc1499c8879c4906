/* A plugin: a shared library whose functions are tasks of a workflow (`plugin: libx.so:f`). This is the whole interface
 * between fugle and the library, in C, so that the two may come from different compilers and different years. C++ has
 * <fugle/plugin.hpp> on top. The library links nothing of fugle's.
 *
 * How old and new tell each other apart. The library exports one function, fugle_plugin(). It returns a table that
 * begins with the ABI it was built for, in a place that never changes; fugle refuses a table of another ABI and names
 * both. Within one ABI structures only grow at their ends: `size` is what whoever made the structure knew of it, and
 * FUGLE_HAS says whether a field is there.
 *
 * Threads. Without isolation functions are called in a worker rank by several threads at once, also the same function;
 * with `isolate: true` (the default) one at a time in a child process, which is used again and again. init() comes
 * before any call, once per worker rank, or once per child process; finish() after the last call. */
#ifndef FUGLE_PLUGIN_H
#define FUGLE_PLUGIN_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define FUGLE_PLUGIN_ABI 1u

#if defined(__GNUC__) || defined(__clang__)
#define FUGLE_PLUGIN_EXPORT __attribute__((visibility("default")))
#else
#define FUGLE_PLUGIN_EXPORT
#endif

/* Whether `object`, a pointer to one of the structures with a `size`, has the field. */
#define FUGLE_HAS(object, field) \
  ((size_t)((const char*)(&(object)->field + 1) - (const char*)(object)) <= (size_t)(object)->size)

/* All texts end with NUL and are UTF-8 where they come from the workflow file. What pointers point to is valid during
 * the call. */

/* An input or an output: its name in the workflow file, and an absolute path; of an input that is a list, one path a
 * line. */
typedef struct FugleFile {
  const char* name;
  const char* path;
} FugleFile;

typedef struct FugleBytes {
  const void* data;
  size_t size;
} FugleBytes;

/* Where functions are called: a worker rank, or a child process of it. */
typedef struct FugleWorker {
  uint32_t abi;  /* of fugle */
  uint32_t size; /* bytes of this structure that are there */
  const char* run_id;
  const char* run_dir;  /* absolute */
  uint32_t worker;      /* number of the worker in this run, from 0 */
  uint32_t is_isolated; /* 1: a child process, for one call at a time */
} FugleWorker;

/* One call. */
typedef struct FugleCall FugleCall;
struct FugleCall {
  uint32_t abi;  /* of fugle */
  uint32_t size; /* bytes of this structure that are there */

  const char* run_id;
  const char* run_dir; /* absolute */
  const char* task;
  const char* element; /* "post[3]" */
  uint32_t attempt;    /* from 1 */
  uint32_t index;      /* of the element within its task, from 0 */

  const char* with;    /* the task's `with`: a JSON object, "{}" when there is none */
  const char* workdir; /* absolute; the process is in it only where it is isolated */
  const char* scratch; /* directory of this attempt, removed after it; NULL: none */

  uint32_t num_inputs;
  uint32_t num_outputs;
  const FugleFile* inputs;
  const FugleFile* outputs; /* write here: the files get their final names when the function has returned 0 */

  uint32_t num_results;
  uint32_t cores;            /* it may use so many threads */
  const FugleBytes* results; /* what the functions gave that this one needs, in the order of `needs`; empty of
                                one that was skipped, or failed where that counts as OK */

  uint32_t num_cpus;
  uint32_t num_gpus;
  const uint32_t* cpus; /* bound to these, numbers of the operating system; none: not bound */
  const uint32_t* gpus; /* numbers of those it has for itself, nearest first */

  uint32_t rank; /* among those that call it together */
  uint32_t num_ranks;
  const void* communicator; /* MPI_Comm* of exactly these; NULL: no MPI here, and num_ranks is 1 */

  /* Services of the host. `call` is this structure. All may be used by any thread of the function until it returns. */

  /* Copies the bytes, which the functions after this one are given; the last time counts. */
  void (*set_result)(const FugleCall* call, const void* data, size_t size);
  /* Why it will return something else than 0, one line for people. Copied; the last time counts. */
  void (*set_error)(const FugleCall* call, const char* text);
  /* Not 0: it should return soon; the result no longer matters. */
  int (*is_cancelled)(const FugleCall* call);
  /* One line into the log of this attempt. Where the function is isolated its stdout and stderr go there too. */
  void (*log)(const FugleCall* call, const char* text);

  void* host; /* fugle's own */
};

/* What a workflow names. `state` is what init() has made, or NULL. Returns 0, or its exit code: the attempt has then
 * FAILED(error). No C++ exception may leave it. */
typedef struct FuglePluginFunction {
  const char* name;
  int (*call)(void* state, const FugleCall* call);
  const char* description; /* one line, may be NULL */
} FuglePluginFunction;

typedef struct FuglePlugin {
  uint32_t abi;           /* FUGLE_PLUGIN_ABI */
  uint32_t size;          /* sizeof(FuglePlugin) */
  uint32_t function_size; /* sizeof(FuglePluginFunction) */
  uint32_t num_functions;
  const FuglePluginFunction* functions;
  const char* version; /* of the library, for people; may be NULL */
  /* Makes the state that calls are given. Not 0: no function can be called, and `*error` may say why; that text must
   * stay. May be NULL, as finish may. */
  int (*init)(const FugleWorker* worker, void** state, const char** error);
  void (*finish)(void* state);
} FuglePlugin;

/* The one function a plugin exports. `host_abi` is that of fugle: a library may have tables for several. The table
 * stays as long as the library is loaded. */
FUGLE_PLUGIN_EXPORT const FuglePlugin* fugle_plugin(uint32_t host_abi);

#ifdef __cplusplus
}
#endif

#endif
