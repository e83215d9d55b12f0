/* conv_depthwise.c: convolutions of one channel and one filter a group, in float32: each channel is filtered on its own.
 *
 * Channels are the lanes of the vectors. Rows of the output are cut in pieces; the pixels of a piece that have all taps within the
 * input go through the kernel together, those at a border one by one with the taps that they have. */
#include "backend/cpu/conv.h"

#include "base/alloc.h"
#include "backend/cpu/cpu.h"
#include "backend/cpu/pool.h"
#include "backend/cpu/slots.h"

enum { LAST = EMILY__CONV_AXES - 1, TASK = 1 << 15 /* products that are worth a task */ };

typedef struct depthwise_job {
  const emily__conv *conv;
  const emily__conv_phase *phase;
  const emily__cpu_kernels *kernels;
  float *weights; /* [tap][channel] */
  int64_t piece, pieces_in_line, pieces, pieces_in_task;
  emily__slots slots; /* offsets in x and in weights of the taps at hand */
} depthwise_job;

static int64_t least(int64_t a, int64_t b) { return a < b ? a : b; }
static int64_t clamp(int64_t x, int64_t low, int64_t high) { return x < low ? low : x > high ? high : x; }

static int64_t taps_of(const emily__conv_phase *phase) { return phase->axis[0].taps * phase->axis[1].taps * phase->axis[2].taps; }

static void pack_weights(const depthwise_job *job) {
  const emily__conv *conv = job->conv;
  for (int64_t tap = 0; tap < taps_of(job->phase); tap++) {
    const float *from = (const float *)conv->w + emily__conv_tap(conv, job->phase, tap);
    float *to = job->weights + tap * conv->groups;
    for (int64_t channel = 0; channel < conv->groups; channel++) to[channel] = from[channel * conv->w_filter];
  }
}

/* The taps that pixels at `at` have within the input, those of the last axis being first … last: places of what they read (for q = 0 of the
 * last axis) and of their weights. Returns their number. */
static int64_t list_taps(const depthwise_job *job, const emily__conv_pixel *at, int64_t first, int64_t last, int64_t *x_at, int64_t *w_at) {
  const emily__conv_axis *axis = job->conv->axis;
  const emily__conv_phase_axis *p = job->phase->axis;
  int64_t count = 0;
  for (int64_t a = 0; a < p[0].taps; a++) {
    const int64_t z = p[0].in_first + at->q[0] * p[0].in_step + a * p[0].in_tap;
    if (z < 0 || z >= axis[0].in) continue;
    for (int64_t b = 0; b < p[1].taps; b++) {
      const int64_t y = p[1].in_first + at->q[1] * p[1].in_step + b * p[1].in_tap;
      if (y < 0 || y >= axis[1].in) continue;
      for (int64_t c = first; c < last; c++, count++) {
        const int64_t x = p[2].in_first + at->q[2] * p[2].in_step + c * p[2].in_tap;
        x_at[count] = at->n * job->conv->x_batch + z * axis[0].x_stride + y * axis[1].x_stride + x * axis[2].x_stride;
        w_at[count] = ((a * p[1].taps + b) * p[2].taps + c) * job->conv->groups;
      }
    }
  }
  return count;
}

/* `pixels` from `at` on, which have the taps first … last of the last axis. */
static void filter_pixels(const depthwise_job *job, const emily__conv_pixel *at, int64_t pixels, int64_t first, int64_t last, int64_t *lists) {
  const emily__conv *conv = job->conv;
  const emily__conv_phase_axis *p = &job->phase->axis[LAST];
  int64_t *x_at = lists, *w_at = lists + taps_of(job->phase);
  if (pixels <= 0) return;
  const int64_t taps = list_taps(job, at, first, last, x_at, w_at);
  const int64_t steps = pixels > 1 ? 1 : 0; /* no step is taken by one pixel; a large one might wrap */
  job->kernels->depthwise((float *)emily__conv_out(conv, job->phase, at), steps * p->step * conv->axis[LAST].out_stride, (const float *)conv->x,
                          steps ? p->in_step * conv->axis[LAST].x_stride : 0, job->weights, x_at, w_at, taps, pixels, conv->groups);
}

/* A pixel at a border: its taps of the last axis within the input are the ones from the first to the last that is. */
static void filter_border(const depthwise_job *job, emily__conv_pixel at, int64_t end, int64_t *lists) {
  const emily__conv_phase_axis *p = &job->phase->axis[LAST];
  for (; at.q[LAST] < end; at.q[LAST]++) {
    const int64_t in = p->in_first + at.q[LAST] * p->in_step, extent = job->conv->axis[LAST].in;
    int64_t first = 0, last = p->taps;
    while (first < last && in + first * p->in_tap < 0) first++;
    while (last > first && in + (last - 1) * p->in_tap >= extent) last--;
    filter_pixels(job, &at, 1, first, last, lists);
  }
}

static void filter_piece(const depthwise_job *job, int64_t piece, int64_t *lists) {
  const emily__conv_phase_axis *p = &job->phase->axis[LAST];
  const int64_t q = piece % job->pieces_in_line * job->piece, q_end = least(q + job->piece, p->count);
  emily__conv_pixel at = emily__conv_pixel_at(job->phase, piece / job->pieces_in_line * p->count + q);
  int64_t begin, end;
  emily__conv_inside(&job->conv->axis[LAST], p, 0, p->taps - 1, &begin, &end);
  begin = clamp(begin, q, q_end);
  end = clamp(end, begin, q_end);
  filter_border(job, at, begin, lists);
  at.q[LAST] = begin;
  filter_pixels(job, &at, end - begin, 0, p->taps, lists);
  at.q[LAST] = end;
  filter_border(job, at, q_end, lists);
}

static void run_task(void *context, int64_t task) {
  depthwise_job *job = context;
  int slot;
  int64_t *lists = (int64_t *)(void *)emily__slots_take(&job->slots, &slot);
  const int64_t end = least((task + 1) * job->pieces_in_task, job->pieces);
  for (int64_t piece = task * job->pieces_in_task; piece < end; piece++) filter_piece(job, piece, lists);
  emily__slots_give(&job->slots, slot);
}

static void cut(depthwise_job *job) {
  const int64_t count = job->phase->axis[LAST].count, per_pixel = taps_of(job->phase) * job->conv->groups;
  job->piece = least(count, TASK / per_pixel + 8);
  job->pieces_in_line = (count + job->piece - 1) / job->piece;
  job->pieces = job->phase->pixels / count * job->pieces_in_line;
  job->pieces_in_task = TASK / (per_pixel * job->piece) + 1;
}

emily_status emily__conv_depthwise(const emily__conv *conv, const emily__conv_phase *phase) {
  enum { UNIT = 16 };
  depthwise_job job = {.conv = conv, .phase = phase, .kernels = emily__cpu_kernels_get()};
  const int32_t threads = (int32_t)least(emily__pool_threads(), EMILY__SLOTS_MAX);
  const int64_t taps = taps_of(phase), lists = (4 * taps + UNIT - 1) / UNIT * UNIT; /* two of int64, in floats */
  int64_t weights, bytes;
  float *scratch;
  if (!emily__mul_i64(taps, conv->groups + UNIT, &weights) || !emily__add_i64(weights / UNIT * UNIT + UNIT, lists * threads, &bytes) ||
      !emily__mul_i64(bytes, sizeof(float), &bytes))
    return emily__fail(EMILY_OUT_OF_MEMORY, "conv", "the weights do not fit in memory");
  EMILY__TRY(emily__cpu_allocate((size_t)bytes, (void **)&scratch));
  job.weights = scratch;
  emily__slots_init(&job.slots, scratch + weights / UNIT * UNIT + UNIT, lists, threads);
  pack_weights(&job);
  cut(&job);
  emily__pool_run(run_task, &job, (job.pieces + job.pieces_in_task - 1) / job.pieces_in_task);
  emily__cpu_release(scratch, (size_t)bytes);
  return EMILY_OK;
}
