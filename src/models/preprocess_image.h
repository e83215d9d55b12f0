/* preprocess_image.h: preprocessor_config.json of a model of pictures, and what it makes of one.
 *
 *     resize (do_resize, size, resample)  →  crop around the centre (do_center_crop, crop_size)
 *     →  times rescale_factor (do_rescale)  →  (x - image_mean) / image_std (do_normalize)
 *
 * Defaults of absent keys are those of the image processor that the file names (ViT's or DeiT's). Resizing is Pillow's, on 8 bits
 * (media/image.h), as Transformers' processors do without torchvision. What the file asks for beyond that is refused by name.
 */
#ifndef EMILY_MODELS_PREPROCESS_IMAGE_H
#define EMILY_MODELS_PREPROCESS_IMAGE_H

#include "media/image.h"
#include "models/preprocessor.h"

typedef struct emily__image_settings {
  bool resize, crop, rescale, normalize;
  int64_t width, height, shortest; /* shortest: the length that the shorter side gets; 0: width and height are given */
  int64_t crop_width, crop_height;
  emily__resample resample;
  double factor;
  float mean[3], std[3];
} emily__image_settings;

/* The extents of what a picture becomes. */
void emily__image_features_size(const emily__image_settings *settings, const emily__image *image, int64_t *width, int64_t *height);

/* A picture as float32 [1, 3, height, width]; the caller owns it. */
emily_status emily__image_features(const emily__image_settings *settings, const emily__image *image, emily_array **out);

#endif
