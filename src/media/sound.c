/* sound.c: see sound.h. Whatever the source, libsndfile reads from memory through callbacks: one path for files and for
 * fuzzers, and no format is guessed from a file's name. */
#include "media/sound.h"

#include "base/vec.h"
#include "io/file.h"

#include <math.h>
#include <sndfile.h>
#include <soxr.h>
#include <string.h>

/* Samples a block, over all channels; rates outside are damage, and would make filters of any size. */
enum { BLOCK = 65536, LEAST_RATE = 1000, MOST_RATE = 1000000 };

/* ---- memory as a file ---- */

typedef struct memory {
  const uint8_t *data;
  sf_count_t size, at;
} memory;

static sf_count_t memory_size(void *user) { return ((memory *)user)->size; }
static sf_count_t memory_tell(void *user) { return ((memory *)user)->at; }

static sf_count_t memory_seek(sf_count_t offset, int whence, void *user) {
  memory *m = user;
  sf_count_t base = whence == SEEK_SET ? 0 : whence == SEEK_CUR ? m->at : m->size;
  if (offset < -base) return -1;
  m->at = offset > m->size - base ? m->size : base + offset;
  return m->at;
}

static sf_count_t memory_read(void *out, sf_count_t count, void *user) {
  memory *m = user;
  if (count > m->size - m->at) count = m->size - m->at;
  if (count <= 0) return 0;
  memcpy(out, m->data + m->at, (size_t)count);
  m->at += count;
  return count;
}

static sf_count_t memory_write(const void *data, sf_count_t count, void *user) { return (void)data, (void)count, (void)user, 0; }

/* ---- decoding ---- */

typedef struct reader {
  const char *name;
  SNDFILE *file;
  SF_INFO info;
  soxr_t resampler; /* NULL where the rate is right */
  double ratio;     /* samples out over samples in */
  size_t most;      /* samples out */
  float *frames;    /* [block, channels] */
  sf_count_t block; /* frames a block */
  EMILY__VEC(float) out;
} reader;

static emily_status begin_resampling(reader *r, int64_t rate) {
  if (r->info.samplerate == rate) return EMILY_OK;
  soxr_error_t error = NULL;
  soxr_quality_spec_t quality = soxr_quality_spec(SOXR_HQ, 0);
  soxr_runtime_spec_t runtime = soxr_runtime_spec(1);
  r->resampler = soxr_create(r->info.samplerate, (double)rate, 1, &error, NULL, &quality, &runtime);
  if (r->resampler && !error) return EMILY_OK;
  return emily__fail(EMILY_OUT_OF_MEMORY, "sound", "%s: no resampler from %d to %lld samples a second: %s", r->name,
                     r->info.samplerate, (long long)rate, error ? error : "memory is out");
}

static emily_status begin(reader *r, memory *source, int64_t rate, int64_t most_seconds) {
  static SF_VIRTUAL_IO calls = {memory_size, memory_seek, memory_read, memory_write, memory_tell};
  r->file = sf_open_virtual(&calls, SFM_READ, &r->info, source);
  if (!r->file)
    return emily__fail(EMILY_BAD_FORMAT, "sound", "%s is no sound that can be read: %s", r->name, sf_strerror(NULL));
  if (r->info.samplerate < LEAST_RATE || r->info.samplerate > MOST_RATE || r->info.channels < 1)
    return emily__fail(EMILY_UNSUPPORTED, "sound", "%s has %d samples a second in %d channels; rates from %d to %d are read",
                       r->name, r->info.samplerate, r->info.channels, LEAST_RATE, MOST_RATE);
  r->ratio = (double)rate / r->info.samplerate;
  r->most = (size_t)(most_seconds * rate);
  r->block = BLOCK / r->info.channels > 0 ? BLOCK / r->info.channels : 1;
  r->frames = emily__alloc_array((size_t)(r->block * r->info.channels), sizeof *r->frames);
  return r->frames ? begin_resampling(r, rate) : EMILY_OUT_OF_MEMORY;
}

static emily_status not_a_number(const reader *r) {
  return emily__fail(EMILY_BAD_FORMAT, "sound", "%s holds samples that are not numbers", r->name);
}

/* Each frame becomes the mean of its channels, in place. */
static emily_status mix(reader *r, sf_count_t frames) {
  int channels = r->info.channels;
  for (sf_count_t i = 0; i < frames; i++) {
    double sum = 0;
    for (int c = 0; c < channels; c++) sum += r->frames[i * channels + c];
    r->frames[i] = (float)(sum / channels);
    if (!isfinite(r->frames[i])) return not_a_number(r);
  }
  return EMILY_OK;
}

static emily_status check_length(const reader *r) {
  if (r->out.count <= r->most) return EMILY_OK;
  return emily__fail(EMILY_UNSUPPORTED, "sound", "%s goes on for more than %.1f hours; cut it into parts", r->name,
                     (double)r->most / (r->ratio * r->info.samplerate) / 3600);
}

/* Append frames[0 … count) at the wanted rate; NULL frames flush what the resampler holds. */
static emily_status append(reader *r, const float *frames, size_t count) {
  if (!r->resampler) {
    if (!emily__vec_reserve(&r->out, count)) return EMILY_OUT_OF_MEMORY;
    if (count) memcpy(r->out.data + r->out.count, frames, count * sizeof *frames);
    r->out.count += count;
    return check_length(r);
  }
  for (size_t done = 1; done;) {
    size_t taken = 0, room = (size_t)((double)count * r->ratio) + 1024;
    if (!emily__vec_reserve(&r->out, room)) return EMILY_OUT_OF_MEMORY;
    soxr_error_t error =
        soxr_process(r->resampler, frames, count, &taken, r->out.data + r->out.count, room, &done);
    if (error) return emily__fail(EMILY_OUT_OF_MEMORY, "sound", "%s: resampling failed: %s", r->name, error);
    r->out.count += done;
    EMILY__TRY(check_length(r));
    if (frames) frames += taken, count -= taken;
    if (frames && !count) break;
  }
  return EMILY_OK;
}

static emily_status read_all(reader *r) {
  for (;;) {
    sf_count_t frames = sf_readf_float(r->file, r->frames, r->block);
    if (frames <= 0) break;
    EMILY__TRY(mix(r, frames));
    EMILY__TRY(append(r, r->frames, (size_t)frames));
  }
  if (r->resampler) EMILY__TRY(append(r, NULL, 0));
  /* Sums of finite samples may still overflow in the filter. */
  for (size_t i = 0; r->resampler && i < r->out.count; i++)
    if (!isfinite(r->out.data[i])) return not_a_number(r);
  return EMILY_OK;
}

static void end(reader *r) {
  if (r->file) sf_close(r->file);
  soxr_delete(r->resampler);
  emily__free(r->frames);
}

emily_status emily__sound_decode(const void *data, size_t size, const char *name, int64_t rate, int64_t most_seconds,
                                 emily__sound *out) {
  memory source = {.data = data, .size = (sf_count_t)size};
  reader r = {.name = name};
  emily_status status = begin(&r, &source, rate, most_seconds);
  if (status == EMILY_OK) status = read_all(&r);
  end(&r);
  if (status == EMILY_OK) *out = (emily__sound){r.out.data, r.out.count};
  else emily__vec_free(&r.out);
  return status;
}

emily_status emily__sound_load(const char *path, int64_t rate, int64_t most_seconds, emily__sound *out) {
  emily__file_map *map;
  EMILY__TRY(emily__file_map_open(path, &map));
  emily_status status = emily__sound_decode(map->data, map->size, path, rate, most_seconds, out);
  emily__file_map_release(map);
  return status;
}

void emily__sound_free(emily__sound *sound) {
  emily__free(sound->samples);
  *sound = (emily__sound){0};
}
