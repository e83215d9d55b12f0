/* cmd_doctor.c: `emily doctor`: what this machine has, what emily uses of it, and what is wrong. */
#include "base/status.h"
#include "cli/commands.h"
#include "cli/doctor_smoke.h"
#include "cli/json_out.h"
#include "cli/message.h"
#include "cli/output.h"
#include "cli/sizes.h"

#include "emily/runtime.h"
#include "emily/system.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FINDINGS_MAX = 8, LITTLE_MEMORY = 256 << 20 };

typedef struct settings {
  bool json;
} settings;

static const cli_option options[] = {
    {"json", 0, CLI_FLAG, NULL, NULL, "as a JSON line", .offset = offsetof(settings, json)},
};

/* Something to tell: a problem makes the exit code 1, a remark does not. */
typedef struct finding {
  bool problem;
  char text[640];
  const char *remedy;
} finding;

typedef struct diagnosis {
  emily_system_info system;
  int32_t threads; /* in use: --threads may say so */
  cli_smoke smoke;
  finding findings[FINDINGS_MAX];
  size_t count;
} diagnosis;

static const char blas_text[] = "none: matrix products are emily's own kernels";

static void add(diagnosis *d, bool problem, const char *remedy, const char *format, ...) EMILY_PRINTF(4, 5);
static void add(diagnosis *d, bool problem, const char *remedy, const char *format, ...) {
  if (d->count == FINDINGS_MAX) return;
  finding *f = &d->findings[d->count++];
  va_list args;
  va_start(args, format);
  vsnprintf(f->text, sizeof f->text, format, args);
  va_end(args);
  f->problem = problem;
  f->remedy = remedy;
}

static void judge_cpu(diagnosis *d) {
  const emily_system_info *s = &d->system;
  const char *cap = getenv("EMILY_CPU");
  if (!s->cpu_level[0])
    add(d, true, "unset EMILY_CPU, or set it to plain, avx2 or avx512", "EMILY_CPU=%.80s names no level of kernels",
        cap ? cap : "");
  else if (strcmp(s->cpu_level, s->cpu_best))
    add(d, false, "unset EMILY_CPU", "EMILY_CPU holds the kernels at %s; this cpu can do %s", s->cpu_level,
        s->cpu_best);
  if (!strcmp(s->cpu_best, "plain"))
    add(d, false, "use a machine (or a virtual machine's cpu model) with avx2, fma and f16c",
        "this cpu lacks avx2, fma or f16c: the plain kernels are several times slower");
}

static void judge_threads(diagnosis *d) {
  if (d->threads > d->system.threads)
    add(d, false, "leave --threads out", "%d threads were asked for; %d can run at once (%s)", d->threads,
        d->system.threads, d->system.threads_reason);
}

static void judge_memory(diagnosis *d) {
  if (d->system.memory_total && d->system.memory_available < LITTLE_MEMORY)
    add(d, true, "end other programs, or raise the container's memory limit", "only %s of memory are left (%s)",
        cli_bytes_text(d->system.memory_available), d->system.memory_reason);
}

static void judge_cuda(diagnosis *d) {
  if (d->system.cuda_driver)
    add(d, false, NULL,
        "an NVIDIA driver is there, and this build of emily has no CUDA backend: it computes on the cpu");
}

static void judge_lapack(diagnosis *d) {
  if (!d->system.lapack[0])
    add(d, false, "install Debian's libopenblas0 or liblapack3, or name a library in EMILY_LAPACK",
        "no LAPACK was found: decompositions of matrices (the linalg ops) fail (%s)", d->system.lapack_reason);
}

static void judge_smoke(diagnosis *d) {
  if (d->smoke.failed)
    add(d, true, "set EMILY_CPU=plain; where that cures it, please report it with the output of this command",
        "the smoke test failed: %s", d->smoke.message);
}

static emily_status diagnose(diagnosis *d) {
  *d = (diagnosis){.system = EMILY_SYSTEM_INFO_INIT};
  EMILY__TRY(emily_system_read(&d->system));
  d->threads = emily_threads();
  if (d->system.cpu_level[0]) cli_smoke_run(&d->smoke);
  judge_cpu(d);
  judge_threads(d);
  judge_memory(d);
  judge_cuda(d);
  judge_lapack(d);
  judge_smoke(d);
  return EMILY_OK;
}

static void print_cuda(const emily_system_info *s) {
  if (s->cuda_driver)
    cli_outf("cuda        driver for CUDA %d.%d; not used: this build has no CUDA backend\n", s->cuda_driver / 1000,
             s->cuda_driver % 1000 / 10);
  else cli_out("cuda        no NVIDIA driver (libcuda.so.1 was not found)\n");
}

static void print_findings(const diagnosis *d) {
  bool fine = true;
  for (size_t i = 0; i < d->count; i++) {
    const finding *f = &d->findings[i];
    if (f->problem) fine = false;
    cli_outf("%s %s\n", f->problem ? "PROBLEM    " : "remark     ", f->text);
    if (f->remedy) cli_outf("  remedy    %s\n", f->remedy);
  }
  if (fine) cli_out("all is well\n");
}

static void print(const diagnosis *d) {
  const emily_system_info *s = &d->system;
  cli_outf("emily       %s\n", emily_version());
  cli_outf("cpu         %s\n", s->cpu_brand);
  cli_outf("features    %s\n", s->cpu_features[0] ? s->cpu_features : "none that emily uses");
  cli_outf("kernels     %s (this cpu can do %s; EMILY_CPU %s)\n", s->cpu_level[0] ? s->cpu_level : "none",
           s->cpu_best, getenv("EMILY_CPU") ? "is set" : "is not set");
  cli_outf("caches      L1d %s, L2 %s, L3 %s\n", cli_bytes_text((uint64_t)s->cache_bytes[0]),
           cli_bytes_text((uint64_t)s->cache_bytes[1]), cli_bytes_text((uint64_t)s->cache_bytes[2]));
  cli_outf("threads     %d in use (%s)\n", d->threads, s->threads_reason);
  cli_outf("memory      %s\n", s->memory_reason);
  cli_outf("blas        %s\n", blas_text);
  cli_outf("lapack      %s\n", s->lapack[0] ? s->lapack : "none was found");
  print_cuda(s);
  if (s->cpu_level[0])
    cli_outf("smoke test  %s\n", d->smoke.failed ? d->smoke.message : "matmul and softmax are right");
  print_findings(d);
}

static void put_findings(cli_json *json, const diagnosis *d, const char *key, bool problem) {
  cli_json_key(json, key);
  cli_json_begin(json, '[');
  for (size_t i = 0; i < d->count; i++) {
    if (d->findings[i].problem != problem) continue;
    cli_json_begin(json, '{');
    cli_json_put_text(json, "text", d->findings[i].text);
    cli_json_put_text(json, "remedy", d->findings[i].remedy);
    cli_json_end(json, '}');
  }
  cli_json_end(json, ']');
}

static void put_features(cli_json *json, const char *features) {
  cli_json_key(json, "features");
  cli_json_begin(json, '[');
  for (size_t length; *features; features += length + (features[length] == ' ')) {
    length = strcspn(features, " ");
    cli_json_bytes(json, features, length);
  }
  cli_json_end(json, ']');
}

static void put_cpu(cli_json *json, const emily_system_info *s) {
  cli_json_key(json, "cpu");
  cli_json_begin(json, '{');
  cli_json_put_text(json, "brand", s->cpu_brand);
  put_features(json, s->cpu_features);
  cli_json_put_text(json, "best", s->cpu_best);
  cli_json_put_text(json, "in_use", s->cpu_level[0] ? s->cpu_level : NULL);
  cli_json_key(json, "cache_bytes");
  cli_json_begin(json, '[');
  for (int i = 0; i < 3; i++) cli_json_int(json, s->cache_bytes[i]);
  cli_json_end(json, ']');
  cli_json_end(json, '}');
}

static void put_limits(cli_json *json, const diagnosis *d) {
  const emily_system_info *s = &d->system;
  cli_json_key(json, "threads");
  cli_json_begin(json, '{');
  cli_json_put_int(json, "in_use", d->threads);
  cli_json_put_int(json, "allowed", s->threads);
  cli_json_put_int(json, "affinity", s->affinity);
  cli_json_put_text(json, "reason", s->threads_reason);
  cli_json_end(json, '}');
  cli_json_key(json, "memory");
  cli_json_begin(json, '{');
  cli_json_put_unsigned(json, "total", s->memory_total);
  cli_json_put_unsigned(json, "available", s->memory_available);
  cli_json_put_unsigned(json, "limit", s->memory_limit);
  cli_json_put_text(json, "reason", s->memory_reason);
  cli_json_end(json, '}');
}

static void print_json(const diagnosis *d) {
  cli_json json = {0};
  cli_json_begin(&json, '{');
  cli_json_put_text(&json, "version", emily_version());
  put_cpu(&json, &d->system);
  put_limits(&json, d);
  cli_json_put_text(&json, "blas", NULL);
  cli_json_put_text(&json, "lapack", d->system.lapack[0] ? d->system.lapack : NULL);
  cli_json_key(&json, "cuda_driver");
  if (d->system.cuda_driver) cli_json_int(&json, d->system.cuda_driver);
  else cli_json_null(&json);
  cli_json_put_bool(&json, "cuda_backend", false);
  cli_json_put_bool(&json, "smoke_test", d->smoke.passed);
  put_findings(&json, d, "problems", true);
  put_findings(&json, d, "remarks", false);
  cli_json_end(&json, '}');
}

static bool healthy(const diagnosis *d) {
  for (size_t i = 0; i < d->count; i++)
    if (d->findings[i].problem) return false;
  return true;
}

static int run(const cli_call *call) {
  static diagnosis d; /* some kilobytes of text */
  if (diagnose(&d)) return cli_library_error();
  if (((const settings *)call->settings)->json) print_json(&d);
  else print(&d);
  return healthy(&d) ? CLI_OK : CLI_FAILED;
}

static const char *const examples[] = {"emily doctor", "EMILY_CPU=plain emily doctor --json", NULL};

const cli_command cli_doctor_command = {
    .name = "doctor",
    .synopsis = "",
    .summary = "Tell what this machine has, and what is wrong",
    .details =
        "Told are the cpu, its features and the kernels in use, the threads and the quota\n"
        "that they come from, memory and its limit, BLAS, LAPACK, CUDA, and the result of\n"
        "a small test. Each problem comes with a remedy, and makes the exit code 1.\n",
    .examples = examples,
    CLI_OPTIONS(options),
    .settings_size = sizeof(settings),
    .run = run,
};
