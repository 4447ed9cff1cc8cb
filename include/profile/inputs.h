/* Inside `inputs`: the keys of a rule as a table, which reader, emitter, schema and comparison walk, and what patterns
 * and numbers may look like. */
#ifndef PROFILE_INPUTS_H
#define PROFILE_INPUTS_H

#include "profile/merge.h"
#include "profile/table.h"

enum { INPUT_PATTERN_MAX = 256 };

enum input_key_kind {
	INPUT_KEY_TYPE,
	INPUT_KEY_TEXT,  /* struct profile_string */
	INPUT_KEY_LIST,  /* struct profile_strings */
	INPUT_KEY_COUNT, /* struct limit */
	INPUT_KEY_FLAG,  /* bool */
};

struct input_key {
	const char *name;
	enum input_key_kind kind;
	enum text_kind text;
	size_t offset;       /* in struct input_rule */
	unsigned types;      /* 1 << enum input_type, for each that it can constrain */
	bool beside_enum;    /* has a meaning where the values are listed */
	bool args_only;      /* not for a variable */
	unsigned least;      /* of a count */
	const char *instead; /* what to write for another type; or NULL */
};

extern const struct input_key input_keys[]; /* ends with {NULL} */
extern const struct name_value input_type_names[];

/* The key can stand in rules of that row. */
bool input_key_fits(const struct input_key *key, const struct field *field);

/* An optional minus, digits, a fraction, an exponent. */
bool input_is_number(const char *text);
/* An optional minus and at most 18 digits. */
bool input_is_int(const char *text);

/* <0, 0 or >0, as a is less than, equal to or more than b; both are numbers of that type. */
int input_compare(const char *a, const char *b, enum input_type type);

/* Extended regular expressions of POSIX without what makes them slow, unportable, or another dialect's: at most 256
 * bytes of ASCII, no back-references, no escapes of letters, about 512 states: matching 4096 characters
 * then takes less than a second, whatever they are. Brackets are balanced. 0, or -1 with CODE_BAD_VALUE. */
int input_pattern_check(const char *pattern, struct error *err);

bool input_rules_equal(const struct input_rules *a, const struct input_rules *b);
/* One rule on one line, as the entry of its list or mapping. Appends. */
void input_rule_emit(const struct field *field, const struct input_rule *rule, struct text *out);
/* "a whole number from 1 to 4096": for messages and explain. Appends. */
void input_rule_describe(const struct input_rule *rule, struct text *out);

/* What only the merged profile tells: a rule for a variable that nothing passes on. */
void inputs_judge(struct loader *loader);

#endif
