/* preprocess_image.c: see preprocess_image.h. */
#include "models/preprocess_image.h"

#include "base/alloc.h"

#include <stdio.h>
#include <string.h>

enum { MOST_SIDE = 1 << 14 };

/* The processors that are known, by how their names begin, and the defaults in which they differ. */
static const struct known {
  const char *begin;
  int64_t size, crop; /* 0: no crop */
  emily__resample resample;
} known[] = {{"ViT", 224, 0, EMILY__RESAMPLE_BILINEAR}, {"DeiT", 256, 224, EMILY__RESAMPLE_BICUBIC}};

static const struct known *find_processor(const emily__config *c) {
  const char *type = json_string_value(json_object_get(c->root, "image_processor_type"));
  if (!type) type = json_string_value(json_object_get(c->root, "feature_extractor_type"));
  for (size_t i = 0; type && i < sizeof known / sizeof *known; i++)
    if (strncmp(type, known[i].begin, strlen(known[i].begin)) == 0) return &known[i];
  return &known[0]; /* the first checkpoints of ViT name none */
}

/* A number (a square), {"height", "width"}, or where shortest is not NULL {"shortest_edge"}. */
static void read_size(emily__config *c, const char *key, int64_t *width, int64_t *height, int64_t *shortest) {
  emily__config nested;
  char within[32];
  if (c->status == EMILY_OK && json_is_integer(json_object_get(c->root, key))) {
    emily__config_int(c, key, 1, MOST_SIDE, width);
    *height = *width;
    return;
  }
  snprintf(within, sizeof within, "%s.", key);
  if (!emily__config_nested(c, key, within, &nested)) return;
  if (shortest && emily__config_has(&nested, "shortest_edge")) {
    emily__config_int(&nested, "shortest_edge", 1, MOST_SIDE, shortest);
  } else {
    *width = *height = 0;
    emily__config_int(&nested, "width", 1, MOST_SIDE, width);
    emily__config_int(&nested, "height", 1, MOST_SIDE, height);
    if (nested.status == EMILY_OK && !(*width && *height))
      emily__config_fail(&nested, EMILY_BAD_FORMAT, "\"%s\" needs \"height\" and \"width\"%s", key, shortest ? ", or \"shortest_edge\"" : "");
  }
  emily__config_done_nested(c, &nested, "image processor");
}

/* Three numbers, or one for all channels. */
static void read_channels(emily__config *c, const char *key, double least, float out[3]) {
  json_t *list = NULL;
  double one = out[0];
  if (c->status == EMILY_OK && json_is_number(json_object_get(c->root, key))) {
    emily__config_real(c, key, least, 1e6, &one);
    out[0] = out[1] = out[2] = (float)one;
    return;
  }
  emily__config_array(c, key, &list);
  if (!list) return;
  for (size_t i = 0; i < 3; i++) {
    const json_t *value = json_array_get(list, i);
    const double number = json_number_value(value);
    if (json_array_size(list) != 3 || !json_is_number(value) || !(number >= least && number <= 1e6))
      emily__config_fail(c, EMILY_BAD_FORMAT, "\"%s\" must be three numbers%s", key, least > 0 ? " above 0" : "");
    out[i] = (float)number;
  }
}

static void read_switches(emily__config *c, emily__image_settings *p) {
  bool rgb = true;
  emily__config_bool(c, "do_resize", &p->resize);
  emily__config_bool(c, "do_center_crop", &p->crop);
  emily__config_bool(c, "do_rescale", &p->rescale);
  emily__config_bool(c, "do_normalize", &p->normalize);
  emily__config_bool(c, "do_convert_rgb", &rgb); /* what is read here is RGB already */
  emily__config_only_text(c, "data_format", "channels_first");
  emily__config_only_text(c, "input_data_format", "channels_first");
  emily__config_only_bool(c, "default_to_square", true);
}

/* Keys that say nothing of the numbers. */
static void skip_unused(emily__config *c) {
  static const char *const keys[] = {"device", "return_tensors", "disable_grouping", "image_seq_length", "_valid_processor_keys"};
  for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) emily__config_skip(c, keys[i]);
}

static void configure(emily__config *c, void *self) {
  emily__image_settings *p = self;
  const struct known *type = find_processor(c);
  int64_t resample = type->resample;
  *p = (emily__image_settings){.resize = true, .crop = type->crop > 0, .rescale = true, .normalize = true, .width = type->size, .height = type->size,
                                .crop_width = type->crop, .crop_height = type->crop, .factor = 1.0 / 255,
                                .mean = {0.5f, 0.5f, 0.5f}, .std = {0.5f, 0.5f, 0.5f}};
  skip_unused(c);
  read_switches(c, p);
  read_size(c, "size", &p->width, &p->height, &p->shortest);
  read_size(c, "crop_size", &p->crop_width, &p->crop_height, NULL);
  emily__config_int(c, "resample", 0, EMILY__RESAMPLE_COUNT - 1, &resample);
  emily__config_real(c, "rescale_factor", 0, 1e6, &p->factor);
  read_channels(c, "image_mean", -1e6, p->mean);
  read_channels(c, "image_std", 1e-12, p->std);
  p->resample = (emily__resample)resample;
  if (c->status == EMILY_OK && p->crop && !p->crop_width)
    emily__config_fail(c, EMILY_BAD_FORMAT, "\"do_center_crop\" needs a \"crop_size\"");
}

static void resized_size(const emily__image_settings *p, const emily__image *image, int64_t *width, int64_t *height) {
  *width = image->width, *height = image->height;
  if (!p->resize) return;
  *width = p->width, *height = p->height;
  if (!p->shortest) return;
  const bool upright = image->width <= image->height;
  const int64_t small = upright ? image->width : image->height, large = upright ? image->height : image->width;
  const int64_t other = (int64_t)((double)(p->shortest * large) / (double)small);
  *width = upright ? p->shortest : other, *height = upright ? other : p->shortest;
}

void emily__image_features_size(const emily__image_settings *p, const emily__image *image, int64_t *width, int64_t *height) {
  resized_size(p, image, width, height);
  if (p->crop) *width = p->crop_width, *height = p->crop_height;
}

static int64_t half_down(int64_t n) { return n >= 0 ? n / 2 : -((1 - n) / 2); }

/* The centre, as Transformers finds it: what a picture lacks is black, half of it (rounded up) at the top and at the left. */
static emily_status crop_centre(const emily__image_settings *p, emily__image *image) {
  emily__image out;
  EMILY__TRY(emily__image_crop(image, half_down(image->height - p->crop_height), half_down(image->width - p->crop_width), p->crop_width,
                               p->crop_height, &out));
  emily__image_free(image);
  *image = out;
  return EMILY_OK;
}

/* A pixel has 256 values: each channel is a table. */
static void write_floats(const emily__image_settings *p, const emily__image *image, float *out) {
  const int64_t pixels = image->width * image->height;
  for (int c = 0; c < 3; c++) {
    float table[256];
    for (int v = 0; v < 256; v++) {
      table[v] = p->rescale ? (float)((double)v * p->factor) : (float)v;
      if (p->normalize) table[v] = (table[v] - p->mean[c]) / p->std[c];
    }
    for (int64_t i = 0; i < pixels; i++) *out++ = table[image->pixels[3 * i + c]];
  }
}

static emily_status process(const emily__image_settings *p, const emily__image *image, float *out) {
  int64_t width, height;
  emily__image work;
  resized_size(p, image, &width, &height);
  EMILY__TRY(emily__image_resize(image, width, height, p->resample, &work));
  emily_status status = p->crop ? crop_centre(p, &work) : EMILY_OK;
  if (status == EMILY_OK) write_floats(p, &work, out);
  emily__image_free(&work);
  return status;
}

emily_status emily__image_features(const emily__image_settings *p, const emily__image *image, emily_array **out) {
  int64_t shape[] = {1, 3, 0, 0};
  emily__image_features_size(p, image, &shape[3], &shape[2]);
  float *values = emily__alloc_array((size_t)(shape[2] * shape[3]), 3 * sizeof *values);
  if (!values) return EMILY_OUT_OF_MEMORY;
  emily_status status = process(p, image, values);
  emily_array *array = NULL;
  if (status == EMILY_OK) {
    array = emily_array_wrap(values, shape, 4, EMILY_FLOAT32, emily__free, values);
    if (!array) status = emily_last_error()->status;
  }
  if (array) *out = array;
  else emily__free(values);
  return status;
}

static emily_status run(const void *self, const void *data, size_t size, const char *name, emily_array **out) {
  emily__image image;
  EMILY__TRY(emily__image_decode(data, size, name, &image));
  emily_status status = emily__image_features(self, &image, out);
  emily__image_free(&image);
  return status;
}

/* The older names end in FeatureExtractor, those of classes that compute with torchvision in Fast. */
const emily__preprocessor_kind emily__preprocessor_image = {
    .input = "pixel_values",
    .names = (const char *const[]){"ViTImageProcessor", "ViTImageProcessorFast", "ViTImageProcessorPil", "ViTFeatureExtractor", "DeiTImageProcessor",
                                   "DeiTImageProcessorFast", "DeiTImageProcessorPil", "DeiTFeatureExtractor", NULL},
    .size = sizeof(emily__image_settings),
    .configure = configure,
    .run = run,
};
