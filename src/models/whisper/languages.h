/* languages.h: languages by their names. */
#ifndef EMILY_MODELS_WHISPER_LANGUAGES_H
#define EMILY_MODELS_WHISPER_LANGUAGES_H

/* "de" of "de", "DE", "German" or "<|de|>" (ASCII case does not count); NULL for what is none of Whisper's. Static. */
const char *emily__whisper_language(const char *name);

#endif
