/* vit.c: ViT (Dosovitskiy et al. 2020) and DeiT (Touvron et al. 2020): config, weights, forward pass.
 *
 *     h = [class token; (DeiT) distillation token; a projection of each patch] + positions
 *     each layer:  h = h + out(attention(norm(h)));  h = h + mlp(norm(h))
 *     h = norm(h)
 *
 * A picture's patches do not overlap, so that their convolution is a product: pixels [B, C, H, W] are cut into
 * [B, patches, C * p * p]. A classifier reads the class token; DeiT's two classifiers with a teacher read a token each, and
 * their mean is the answer.
 */
#include "models/family.h"
#include "models/labels.h"
#include "nn/pooling.h"

#include <math.h>
#include <stdio.h>

typedef struct layer {
  emily__norm attention_norm, mlp_norm;
  emily__linear query, key, value, out; /* [D, D] */
  emily__mlp mlp;                       /* [inner, D], [D, inner] */
} layer;

typedef struct vit {
  const char *prefix; /* "vit.", "deit." */
  int64_t hidden, layer_count, heads, inner, image, patch, channels, labels, pooled;
  double eps;
  bool bias, distilled;
  emily__activation *act, *pooler_act;

  emily_array *class_token, *distillation_token, *positions; /* [1, 1, D] twice, the second NULL in ViT; [1, tokens + patches, D] */
  emily_array *projection, *projection_bias;                 /* [D, C, p, p], [D] */
  layer *layers;
  emily__norm norm;
  emily__linear pooler;     /* [pooled, D]; absent where the checkpoint has none */
  emily__linear head, twin; /* [labels, D]; the twin is the one that a teacher taught */
} vit;

/* image_size and patch_size: a number, or two that are equal. */
static void read_square(emily__config *c, const char *key, int64_t *out) {
  json_t *value = c->status == EMILY_OK ? emily__json_at(c->root, key) : NULL;
  if (!json_is_array(value)) {
    emily__config_size(c, key, out);
    return;
  }
  emily__config_skip(c, key);
  const int64_t first = json_integer_value(json_array_get(value, 0)), second = json_integer_value(json_array_get(value, 1));
  if (json_array_size(value) != 2 || first != second || first < 1 || first > INT32_MAX)
    emily__config_fail(c, EMILY_UNSUPPORTED, "\"%s\" must be a number, or two that are equal", key);
  *out = first;
}

static void check_sizes(emily__config *c, const vit *v) {
  if (c->status != EMILY_OK) return;
  if (v->hidden % v->heads)
    emily__config_fail(c, EMILY_BAD_FORMAT, "\"hidden_size\" %lld is not a multiple of \"num_attention_heads\" %lld",
                       (long long)v->hidden, (long long)v->heads);
  else if (v->image % v->patch || v->image / v->patch > 4096)
    emily__config_fail(c, EMILY_BAD_FORMAT, "\"image_size\" %lld is not a multiple of \"patch_size\" %lld, or of too many patches",
                       (long long)v->image, (long long)v->patch);
}

static void configure(emily__config *c, emily__task task, vit *v) {
  const char *act = "gelu", *pooler_act = "tanh";
  emily__config_size(c, "hidden_size", &v->hidden);
  emily__config_size(c, "num_hidden_layers", &v->layer_count);
  emily__config_size(c, "num_attention_heads", &v->heads);
  emily__config_size(c, "intermediate_size", &v->inner);
  emily__config_size(c, "num_channels", &v->channels);
  read_square(c, "image_size", &v->image);
  read_square(c, "patch_size", &v->patch);
  v->pooled = v->hidden;
  emily__config_size(c, "pooler_output_size", &v->pooled);
  emily__config_real(c, "layer_norm_eps", 0, 1, &v->eps);
  emily__config_bool(c, "qkv_bias", &v->bias);
  emily__config_text(c, "hidden_act", &act);
  emily__config_text(c, "pooler_act", &pooler_act);
  emily__config_skip(c, "encoder_stride"); /* of a head that paints masked pictures */
  v->labels = emily__config_labels(c, task != EMILY__TASK_BODY);
  v->act = emily__config_activation(c, "hidden_act", act);
  v->pooler_act = emily__config_activation(c, "pooler_act", pooler_act);
  check_sizes(c, v);
}

static const vit defaults = {.prefix = "vit.", .hidden = 768, .layer_count = 12, .heads = 12, .inner = 3072, .image = 224,
                             .patch = 16, .channels = 3, .eps = 1e-12, .bias = true};

static void configure_vit(emily__config *c, emily__task task, void *self) {
  *(vit *)self = defaults;
  configure(c, task, self);
}

static void configure_deit(emily__config *c, emily__task task, void *self) {
  *(vit *)self = defaults;
  ((vit *)self)->prefix = "deit.";
  ((vit *)self)->distilled = true;
  configure(c, task, self);
}

static int64_t patch_count(const vit *v) { return (v->image / v->patch) * (v->image / v->patch); }
static int64_t token_count(const vit *v) { return patch_count(v) + 1 + v->distilled; }

static void bind_layer(emily__weights *w, const vit *v, int64_t index, layer *l) {
  char base[64];
  const int64_t d = v->hidden;
  snprintf(base, sizeof base, "%sencoder.layer.%lld.", v->prefix, (long long)index);
  l->attention_norm = emily__weights_norm(w, d, v->eps, true, "%slayernorm_before", base);
  l->query = emily__weights_linear(w, d, d, v->bias, "%sattention.attention.query", base);
  l->key = emily__weights_linear(w, d, d, v->bias, "%sattention.attention.key", base);
  l->value = emily__weights_linear(w, d, d, v->bias, "%sattention.attention.value", base);
  l->out = emily__weights_linear(w, d, d, true, "%sattention.output.dense", base);
  l->mlp_norm = emily__weights_norm(w, d, v->eps, true, "%slayernorm_after", base);
  l->mlp.in = emily__weights_linear(w, d, v->inner, true, "%sintermediate.dense", base);
  l->mlp.out = emily__weights_linear(w, v->inner, d, true, "%soutput.dense", base);
  l->mlp.act = v->act;
}

static void bind_embeddings(emily__weights *w, vit *v) {
  const int64_t d = v->hidden, one[] = {1, 1, d}, all[] = {1, token_count(v), d}, kernel[] = {d, v->channels, v->patch, v->patch};
  v->class_token = emily__weights_get(w, one, 3, "%sembeddings.cls_token", v->prefix);
  if (v->distilled) v->distillation_token = emily__weights_get(w, one, 3, "%sembeddings.distillation_token", v->prefix);
  v->positions = emily__weights_get(w, all, 3, "%sembeddings.position_embeddings", v->prefix);
  v->projection = emily__weights_get(w, kernel, 4, "%sembeddings.patch_embeddings.projection.weight", v->prefix);
  v->projection_bias = emily__weights_vector(w, d, "%sembeddings.patch_embeddings.projection.bias", v->prefix);
}

static void bind_heads(emily__weights *w, emily__task task, vit *v) {
  if (task == EMILY__TASK_BODY && emily__weights_has(w, "%spooler.dense.weight", v->prefix))
    v->pooler = emily__weights_linear(w, v->hidden, v->pooled, true, "%spooler.dense", v->prefix);
  if (task == EMILY__TASK_IMAGE) v->head = emily__weights_linear(w, v->hidden, v->labels, true, "classifier");
  if (task == EMILY__TASK_IMAGE_TEACHER) {
    v->head = emily__weights_linear(w, v->hidden, v->labels, true, "cls_classifier");
    v->twin = emily__weights_linear(w, v->hidden, v->labels, true, "distillation_classifier");
  }
}

static void bind(emily__weights *w, emily__task task, void *self) {
  vit *v = self;
  bind_embeddings(w, v);
  bind_heads(w, task, v);
  v->norm = emily__weights_norm(w, v->hidden, v->eps, true, "%slayernorm", v->prefix);
  v->layers = emily__weights_alloc(w, v->layer_count, sizeof *v->layers);
  for (int64_t i = 0; i < v->layer_count && v->layers; i++) bind_layer(w, v, i, &v->layers[i]);
}

static emily__model_sizes sizes(const void *self) {
  const vit *v = self;
  return (emily__model_sizes){.hidden = v->hidden, .extents = {v->channels, v->image, v->image}};
}

/* pixels [B, C, H, W]: [B, patches, C * p * p] */
static emily_array *cut(const vit *v, emily_scope *s, emily_array *pixels, int64_t batch) {
  const int64_t p = v->patch, side = v->image / p, c = v->channels;
  emily_array *x = emily_reshape(s, pixels, (const int64_t[]){batch, c, side, p, side, p}, 6);
  x = emily_transpose(s, x, (const int64_t[]){0, 2, 4, 1, 3, 5}, 6);
  return emily_reshape(s, x, (const int64_t[]){batch, side * side, c * p * p}, 3);
}

/* A token [1, 1, D] before each picture. */
static emily_array *for_each(const vit *v, emily_scope *s, emily_array *token, int64_t batch) {
  return emily_broadcast_to(s, emily_astype(s, token, EMILY_FLOAT32), (const int64_t[]){batch, 1, v->hidden}, 3);
}

/* [B, tokens, D] */
static emily_array *embed(const vit *v, emily_scope *s, const emily__inputs *in) {
  emily_array *parts[3];
  int32_t count = 0;
  emily_array *kernel = emily_reshape(s, v->projection, (const int64_t[]){v->hidden, v->channels * v->patch * v->patch}, 2);
  parts[count++] = for_each(v, s, v->class_token, in->batch);
  if (v->distilled) parts[count++] = for_each(v, s, v->distillation_token, in->batch);
  parts[count++] = emily_linear(s, cut(v, s, in->pixels, in->batch), kernel, v->projection_bias);
  return emily_add(s, emily_concatenate(s, parts, count, 1), emily_astype(s, v->positions, EMILY_FLOAT32));
}

static emily_array *attention(const vit *v, const layer *l, emily_scope *s, emily_array *x) {
  const double scale = 1 / sqrt((double)(v->hidden / v->heads));
  emily_array *q = emily__split_heads(s, emily__linear_apply(s, &l->query, x), v->heads); /* [B, H, T, hd] */
  emily_array *k = emily__split_heads(s, emily__linear_apply(s, &l->key, x), v->heads);
  emily_array *values = emily__split_heads(s, emily__linear_apply(s, &l->value, x), v->heads);
  emily_array *mixed = emily_scaled_dot_product_attention(s, q, k, values, scale, NULL, false, 0, NULL);
  return emily__linear_apply(s, &l->out, emily__merge_heads(s, mixed));
}

/* h [B, T, D]: token `index` of each, [B, D] */
static emily_array *token_at(emily_scope *s, emily_array *h, int64_t index) {
  if (!h) return NULL;
  const int64_t from[] = {0, index, 0}, to[] = {emily_array_dim(h, 0), index + 1, emily_array_dim(h, 2)};
  return emily_squeeze(s, emily_slice(s, h, from, to, NULL), (const int64_t[]){1}, 1);
}

static emily_array *logits(const vit *v, emily__task task, emily_scope *s, emily_array *h) {
  emily_array *first = emily__linear_apply(s, &v->head, token_at(s, h, 0));
  if (task != EMILY__TASK_IMAGE_TEACHER) return first;
  emily_array *second = emily__linear_apply(s, &v->twin, token_at(s, h, 1));
  return emily_multiply(s, emily_add(s, first, second), emily__constant(s, 0.5));
}

static void forward(const void *self, emily__task task, emily_scope *s, const emily__inputs *in, emily__outputs *out) {
  const vit *v = self;
  emily_array *h = embed(v, s, in), **states = emily__states_begin(out, v->layer_count + 1);
  for (int64_t i = 0; i < v->layer_count; i++) {
    const layer *l = &v->layers[i];
    if (states) states[i] = h;
    h = emily_add(s, h, attention(v, l, s, emily__layer_norm_apply(s, &l->attention_norm, h)));
    h = emily_add(s, h, emily__mlp_apply(s, &l->mlp, emily__layer_norm_apply(s, &l->mlp_norm, h)));
  }
  if (states) states[v->layer_count] = h;
  emily__states_end(out, states, v->layer_count + 1);
  h = emily__layer_norm_apply(s, &v->norm, h);
  emily__outputs_add(out, "last_hidden_state", h);
  if (emily__linear_present(&v->pooler))
    emily__outputs_add(out, "pooler_output", v->pooler_act(s, emily__linear_apply(s, &v->pooler, token_at(s, h, 0))));
  if (task != EMILY__TASK_BODY) emily__outputs_add(out, "logits", logits(v, task, s, h));
}

/* The pooler and the paint of masked pictures, which lie in checkpoints of the bare model beside no head. */
static const char *const vit_ignorable[] = {"*embeddings.mask_token", "vit.pooler.*", NULL};
static const char *const deit_ignorable[] = {"*embeddings.mask_token", "deit.pooler.*", NULL};
static const char *const heads[] = {"classifier.*", "cls_classifier.*", "distillation_classifier.*", "decoder.*", NULL};

const emily__family emily__family_vit = {
    .title = "ViT",
    .checked = "Transformers in float64: with and without a head, both forms of the config, one channel, a pooler; pictures against Pillow, to the bit",
    .limits = "Pictures of the config's own size (positions are not interpolated); no head that paints masked pictures.",
    .model_type = "vit",
    .class_name = "ViT",
    .tasks = 1u << EMILY__TASK_BODY | 1u << EMILY__TASK_IMAGE,
    .default_task = EMILY__TASK_BODY,
    .prefix = "vit.",
    .ignorable = vit_ignorable,
    .heads = heads,
    .inputs = EMILY__INPUT_PIXELS,
    .size = sizeof(vit),
    .configure = configure_vit,
    .bind = bind,
    .sizes = sizes,
    .forward = forward,
};

const emily__family emily__family_deit = {
    .title = "DeiT",
    .checked = "Transformers in float64: both classifiers, alone and with a teacher's; the rest is ViT",
    .limits = "As ViT.",
    .model_type = "deit",
    .class_name = "DeiT",
    .tasks = 1u << EMILY__TASK_BODY | 1u << EMILY__TASK_IMAGE | 1u << EMILY__TASK_IMAGE_TEACHER,
    .default_task = EMILY__TASK_BODY,
    .prefix = "deit.",
    .ignorable = deit_ignorable,
    .heads = heads,
    .inputs = EMILY__INPUT_PIXELS,
    .size = sizeof(vit),
    .configure = configure_deit,
    .bind = bind,
    .sizes = sizes,
    .forward = forward,
};
