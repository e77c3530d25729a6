/* tanda_plugin.h: the C ABI of Tanda plugins, version 1.
 *
 * A plugin is a shared library that exports one function:
 *
 *     const tanda_plugin_v1 *tanda_plugin(void);
 *
 * It returns a table that lives as long as the process. Data crosses by the Arrow C Data Interface
 * (https://arrow.apache.org/docs/format/CDataInterface.html), whose structs are repeated below.
 * This file needs nothing but the C library, and compiles as C99 and as C++11.
 *
 * RULES FOR EVERY CALL
 *
 * Status. A call returns TANDA_OK, or TANDA_ERROR with *error filled. TANDA_PANIC says that the
 *   instance is broken beyond use; the host then only closes it.
 * Threads. The host makes one call at a time on an instance, but each may come on another thread.
 *   Different instances are called at the same time: static data needs its own protection.
 *   Nothing may unwind (a C++ exception, a longjmp) out of a call.
 * Pointers. What a call is given is valid until it returns, unless a longer life is stated.
 *   Nobody frees what the other side allocated; each struct that owns memory has a `release`.
 * Text is UTF-8 with a length, not ended by a NUL. {NULL, 0} is no text.
 * Order of the calls: open, bind once or twice, process any number of times, finish, close.
 *   restore may come after bind; snapshot and merge between any two calls after it.
 *
 * Licensed under MIT OR Apache-2.0.
 */
#ifndef TANDA_PLUGIN_H
#define TANDA_PLUGIN_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#ifdef __cplusplus
extern "C" {
#endif

/* ---- Arrow C Data Interface ------------------------------------------------------------------ */

#ifndef ARROW_C_DATA_INTERFACE
#define ARROW_C_DATA_INTERFACE

#define ARROW_FLAG_DICTIONARY_ORDERED 1
#define ARROW_FLAG_NULLABLE 2
#define ARROW_FLAG_MAP_KEYS_SORTED 4

/* The type of an array. A batch is a struct ("+s") with one child per column. */
struct ArrowSchema {
  const char *format;
  const char *name;
  const char *metadata;
  int64_t flags;
  int64_t n_children;
  struct ArrowSchema **children;
  struct ArrowSchema *dictionary;
  void (*release)(struct ArrowSchema *);
  void *private_data;
};

/* The data of an array. It has one owner, who calls release once. It is moved by copying the struct
 * and setting release to NULL in the source. */
struct ArrowArray {
  int64_t length;
  int64_t null_count;
  int64_t offset;
  int64_t n_buffers;
  int64_t n_children;
  const void **buffers;
  struct ArrowArray **children;
  struct ArrowArray *dictionary;
  void (*release)(struct ArrowArray *);
  void *private_data;
};

#endif /* ARROW_C_DATA_INTERFACE */

/* ---- Values ---------------------------------------------------------------------------------- */

#define TANDA_ABI_VERSION 1u

#define TANDA_OK 0
#define TANDA_ERROR 1
#define TANDA_PANIC 2

/* Text of so many bytes. */
typedef struct tanda_text {
  const char *data;
  uint64_t len;
} tanda_text;

/* Initialiser from a literal: static const tanda_text t = TANDA_TEXT("main"); */
#define TANDA_TEXT(literal) { (literal), sizeof(literal) - 1 }

/* Text of a C string, which has to outlive the use of the result. */
static inline tanda_text tanda_text_of(const char *string) {
  tanda_text text;
  text.data = string;
  text.len = string ? (uint64_t)strlen(string) : 0;
  return text;
}

/* An error. The caller provides it zeroed. Who fails sets message, what else it knows, and release
 * if there is something to free. The caller copies the texts and calls release, if set, once.
 * A call that returns TANDA_OK need not clean it: what an emit left there is released as well. */
typedef struct tanda_error_v1 {
  tanda_text message;  /* what was found, what was expected, what to do */
  tanda_text about;    /* the token of the configuration that it is about, as written; or none */
  uint32_t line;       /* place in the configuration from 1; 0: none */
  uint32_t column;
  void (*release)(struct tanda_error_v1 *);
  void *private_data;
} tanda_error_v1;

/* Fails with a message that lives on, such as a literal: return tanda_fail(error, "..."); */
static inline int32_t tanda_fail(tanda_error_v1 *error, const char *message) {
  error->message = tanda_text_of(message);
  return TANDA_ERROR;
}

/* Bytes of a snapshot. Rules as for errors: provided zeroed, released by the receiver. */
typedef struct tanda_bytes_v1 {
  const uint8_t *data;
  uint64_t len;
  void (*release)(struct tanda_bytes_v1 *);
  void *private_data;
} tanda_bytes_v1;

/* What a plugin, or an instance, is. An instance is exactly one of the first three. */
#define TANDA_STATELESS (UINT64_C(1) << 0) /* any instance may take any batch */
#define TANDA_MERGEABLE (UINT64_C(1) << 1) /* each keeps a partial state, merged before finish */
#define TANDA_EXCLUSIVE (UINT64_C(1) << 2) /* one instance, batches in the order of the source */
#define TANDA_CONSERVES (UINT64_C(1) << 8) /* process emits as many rows, over all ports, as it
                                            * took; the host checks it at every call */
#define TANDA_PROJECTS (UINT64_C(1) << 9)  /* emits only wanted columns; without it, all of them,
                                            * and the host drops the unwanted */

/* Ports of a plugin at most. */
#define TANDA_PORTS_MAX 64

/* ---- What the host offers -------------------------------------------------------------------- */

#define TANDA_LEVEL_ERROR 1u
#define TANDA_LEVEL_WARN 2u
#define TANDA_LEVEL_INFO 3u
#define TANDA_LEVEL_DEBUG 4u
#define TANDA_LEVEL_TRACE 5u

/* Memory that the host shares with whoever takes the batches: what an emitted array has in it need
 * not be copied on its way out of the process. Use it for the buffers of arrays that are emitted,
 * and for nothing that stays. It lives as long as the process, and both functions may be called on
 * any thread. To write to a block after its array was emitted breaks the rules of Arrow, as ever;
 * here others see it. */
typedef struct tanda_memory_v1 {
  void *context; /* first argument of both functions */
  void *base;    /* every block lies in the `bytes` from here on */
  uint64_t bytes;

  /* A block that is the plugin's until it frees it; not zeroed. align is a power of two. NULL if
   * there is no room now, or none for this alignment (128 is fine): take other memory instead. */
  void *(*allocate)(void *context, uint64_t bytes, uint64_t align);

  /* Takes back a block of allocate. */
  void (*free)(void *context, void *block);
} tanda_memory_v1;

/* Given to open; valid until close has returned. Fields are only ever added at the end; struct_size
 * tells which are there. log, counter_add and cancelled may be called on
 * any thread, scratch only inside a call on the instance and on the thread of that call. */
typedef struct tanda_host_v1 {
  uint32_t abi_version;
  uint32_t struct_size;
  void *context; /* first argument of every function here */

  /* Writes a line into the engine's log, beside the name of the stage. */
  void (*log)(void *context, uint32_t level, tanda_text line);

  /* Adds to a counter, shown in the summary of the run. Once a batch rather than once a row. What
   * process and finish add counts when they succeed, once for each batch, however often it had to
   * be processed because workers died; what open and bind add does not count. */
  void (*counter_add)(void *context, tanda_text name, uint64_t n);

  /* 1 if the run is being stopped: a call that lasts long asks now and then and fails. Else 0. */
  int32_t (*cancelled)(void *context);

  /* Memory for the length of this call, taken back by itself; not zeroed. align is a power of two.
   * NULL if there is none. */
  void *(*scratch)(void *context, uint64_t bytes, uint64_t align);

  /* NULL if there is none, as in the process of the engine, where nothing is copied anyway. */
  const tanda_memory_v1 *memory;
} tanda_host_v1;

/* Given to process and finish; valid until they return, on their thread. */
typedef struct tanda_emitter_v1 {
  void *context; /* first argument of both functions */

  /* Emits a batch on a port: a struct array of offset 0 without nulls of its own, whose children
   * are the columns of the port's schema: if the instance PROJECTS only the wanted ones, in order.
   * In process at most once a port; in finish any number of times. A port on which process emits
   * nothing gets a batch of zero rows from the host. On an unconnected port the rows are counted
   * and the columns not looked at.
   * The batch moves to the host whatever the status; batch->release is NULL afterwards.
   * On TANDA_ERROR the batch broke a rule: give the error on (or release it) and fail. */
  int32_t (*emit)(void *context, uint32_t port, struct ArrowArray *batch, tanda_error_v1 *error);

  /* Counts rows that left on an unconnected port, without any data. */
  int32_t (*count_rows)(void *context, uint32_t port, uint64_t rows, tanda_error_v1 *error);
} tanda_emitter_v1;

/* ---- What a plugin binds --------------------------------------------------------------------- */

typedef struct tanda_wanted_port_v1 {
  uint32_t connected;      /* 1 if a stage reads the port */
  uint32_t n_columns;
  const uint32_t *columns; /* wanted columns, ascending indices into the schema of the port */
} tanda_wanted_port_v1;

typedef struct tanda_wanted_v1 {
  uint32_t n_ports;
  const tanda_wanted_port_v1 *ports;
} tanda_wanted_v1;

/* A named output. Its schema is the input's columns, if they pass, followed by its own. */
typedef struct tanda_port_v1 {
  tanda_text name;
  uint32_t passes_input;         /* 1 if the input's columns leave here too */
  uint32_t reserved;             /* 0 */
  const struct ArrowSchema *own; /* struct type of the own columns; NULL if there are none */
} tanda_port_v1;

/* What bind says. The host provides it zeroed and copies from it. All that it points to stays the
 * plugin's, unchanged until the next bind or close; the host releases nothing of it. */
typedef struct tanda_bound_v1 {
  uint64_t flags;             /* what this instance, with its configuration, is */
  uint32_t n_ports;           /* 1 to TANDA_PORTS_MAX */
  uint32_t reads_all;         /* 1 if it computes on every column; reads is then ignored */
  const tanda_port_v1 *ports; /* everywhere else a port is its index here */
  uint64_t n_reads;
  const tanda_text *reads;    /* names of the columns that it computes on */
} tanda_bound_v1;

/* ---- What a plugin is ------------------------------------------------------------------------ */

/* Opaque to the host. Define `struct tanda_instance` as you like, or cast. */
typedef struct tanda_instance tanda_instance;

typedef struct tanda_plugin_v1 {
  uint32_t abi_version; /* TANDA_ABI_VERSION */
  uint32_t struct_size; /* sizeof(tanda_plugin_v1) */
  tanda_text name;      /* as scenes write it */
  tanda_text version;
  uint64_t flags;       /* all that instances can be */
  tanda_text config_format;    /* "ron" */
  tanda_text config_reference; /* every field of the configuration with unit and default, and an
                                * example: `tanda plugins inspect` prints it */

  /* Makes an instance: checks the configuration, loads tables. May read files; no other side
   * effect. config is the raw text of the stage's `config`. On TANDA_OK *instance is set. */
  int32_t (*open)(tanda_text config, const tanda_host_v1 *host, tanda_instance **instance,
                  tanda_error_v1 *error);

  /* Types the graph before anything runs. input is a struct type and stays the host's. wanted is
   * NULL at first: everything is wanted. Before the run bind may be called once more, with only
   * the columns that are read or wanted by a later stage, and with what is wanted of each port. */
  int32_t (*bind)(tanda_instance *instance, const struct ArrowSchema *input,
                  const tanda_wanted_v1 *wanted, tanda_bound_v1 *bound, tanda_error_v1 *error);

  /* Takes one batch of the bound input, a struct array of offset 0, and emits at most one on each
   * port, rows in the order of the input. The batch is the plugin's to move out of, as a whole or
   * column by column; the host releases what is left in *batch when the call returns. The data is
   * shared: it must not be written to. After an error nothing of what was emitted is used. */
  int32_t (*process)(tanda_instance *instance, struct ArrowArray *batch,
                     const tanda_emitter_v1 *emitter, tanda_error_v1 *error);

  /* End of the input: emits what is held in state. NULL if nothing is. What it emits is used only
   * if it returns TANDA_OK. */
  int32_t (*finish)(tanda_instance *instance, const tanda_emitter_v1 *emitter,
                    tanda_error_v1 *error);

  /* State as bytes, which should begin with their own version: for hot swap, checkpoints and
   * merging. All three are NULL if there is no state; MERGEABLE needs snapshot and merge.
   * restore replaces the state, merge adds that of another instance. */
  int32_t (*snapshot)(tanda_instance *instance, tanda_bytes_v1 *bytes, tanda_error_v1 *error);
  int32_t (*restore)(tanda_instance *instance, const uint8_t *data, uint64_t len,
                     tanda_error_v1 *error);
  int32_t (*merge)(tanda_instance *instance, const uint8_t *data, uint64_t len,
                   tanda_error_v1 *error);

  /* Ends the instance and frees it. The last call, also after TANDA_PANIC. Arrays that it emitted
   * may still be alive and be released later, on any thread. The library is never unloaded. */
  void (*close)(tanda_instance *instance);
} tanda_plugin_v1;

/* The one exported symbol. */
#if defined(_WIN32)
__declspec(dllexport)
#elif defined(__GNUC__)
__attribute__((visibility("default")))
#endif
const tanda_plugin_v1 *tanda_plugin(void);

#ifdef __cplusplus
} /* extern "C" */
#endif

#endif /* TANDA_PLUGIN_H */
