/* Inside the profile reader: the row type of the one table of keys, and what its readers share. */
#ifndef PROFILE_TABLE_H
#define PROFILE_TABLE_H

#include "base/names.h"
#include "base/text.h"
#include "profile/document.h"
#include "profile/profile.h"

/* The shape of a value: which reader, emitter and schema it gets, and the type at `offset`. */
enum field_type {
	FIELD_SECTION, /* a mapping whose keys are further rows */
	FIELD_VERSION, /* nothing is stored */
	FIELD_EXTENDS, /* followed by merge.c; nothing is stored */
	FIELD_TEXT,    /* const char * */
	FIELD_STRING,  /* struct profile_string */
	FIELD_STRINGS, /* struct profile_strings */
	FIELD_GRANTS,  /* struct file_grants */
	FIELD_PAIRS,   /* struct name_pairs */
	FIELD_SECRETS, /* struct secrets */
	FIELD_BOOL,    /* bool */
	FIELD_NAME,    /* an enum, by `names` */
	FIELD_SIZE,    /* struct limit, from here to FIELD_CPUS */
	FIELD_DURATION,
	FIELD_COUNT,
	FIELD_CPUS,
	FIELD_NETWORK, /* none, host, or a section */
	FIELD_EXEC,    /* none, any, or a list of programs */
	FIELD_REQUIRE,
	FIELD_USER,
	FIELD_INPUTS,    /* struct input_rules: a list */
	FIELD_INPUT_ENV, /* struct input_rules: a mapping of names */
	FIELD_STDIN,     /* any, none, or a section */
	FIELD_TYPE_COUNT
};

/* What a string must look like; one row each in text_kinds. */
enum text_kind {
	TEXT_ANY,
	TEXT_LINE,
	TEXT_PROFILE_NAME,
	TEXT_PATH,
	TEXT_INSIDE_PATH,
	TEXT_INTERPRETER,
	TEXT_OPTION,
	TEXT_PRESET,
	TEXT_NET_RULE,
	TEXT_PORT,
	TEXT_PROGRAM,
	TEXT_ENV_PATTERN,
	TEXT_ENV_NAME,
	TEXT_ENV_VALUE,
	TEXT_CAPABILITY,
	TEXT_HOSTNAME,
	TEXT_SYSCALL,
	TEXT_DEVICE,
	TEXT_SUFFIX,
	TEXT_AUDIT,
	TEXT_ALERT,
	TEXT_SECRET_FROM,
	TEXT_SECRET_AS,
	TEXT_INPUT_OPTION,
	TEXT_NUMBER,
	TEXT_PATTERN,
	TEXT_KIND_COUNT
};

/* How a file's value meets that of the profiles that it extends. */
enum merge_rule {
	MERGE_OWN,     /* belongs to the one file: not inherited */
	MERGE_REPLACE, /* the later one counts */
	MERGE_ADD,     /* both count, once each */
	MERGE_STICK,   /* true stays true */
};

/* What the key means in ceiling.yaml. */
enum ceiling_rule {
	CEILING_REFUSED, /* has no place there */
	CEILING_MOST,    /* grants outside are errors */
	CEILING_MAXIMUM, /* larger limits are cut */
	CEILING_ADD,     /* denials are added */
	CEILING_FORCE,   /* the value is imposed */
};

struct field {
	const char *path;
	enum field_type type;
	enum merge_rule merge;
	enum ceiling_rule ceiling;
	enum text_kind text;
	size_t offset;                  /* in struct profile */
	const struct name_value *names; /* of FIELD_NAME */
	bool may_be_none;               /* limits: "none" is a value */
	bool may_be_zero;               /* limits */
	bool required;                  /* in its section, where that is given */
	bool not_yet;                   /* checked only; any use of it goes into profile.not_yet */
	const char *standard;           /* the default, for people; NULL: nothing */
	const char *example;            /* a valid value, as YAML */
	const char *help;
};

extern const struct field profile_fields[]; /* ends with {NULL} */
extern const size_t profile_field_count;

/* Anything but "nothing said" at that row (of a section: at any of its rows). */
bool field_is_set(const struct field *field, const struct profile *profile);
/* Where it was said; {NULL} when that is not kept. */
struct source_pos field_pos(const struct field *field, const struct profile *profile);

/* The string as a profile anywhere else would have to say it: relative paths and ${PROFILE_DIR} made absolute.
 * Appends. */
void field_resolve(const struct field *field, const struct profile_string *string, struct text *out);

/* A value as YAML, quoted where it must be; of a field's string, resolved. Append. */
void emit_scalar(const char *value, struct text *out);
void emit_string(const struct field *field, const struct profile_string *string, struct text *out);

/* The row of that path, or NULL. */
const struct field *field_find(const char *path);
/* "files.read" lies directly in "files", "files" in "". */
bool field_is_in(const struct field *field, const char *section);
const char *field_leaf(const struct field *field);
static inline void *field_place(const struct field *field, struct profile *profile)
{
	return (char *)profile + field->offset;
}
static inline const void *field_value(const struct field *field, const struct profile *profile)
{
	return (const char *)profile + field->offset;
}

/* Tables of names that more than one file needs. */
extern const struct name_value bool_names[];
extern const struct name_value network_names[]; /* none, host */
extern const struct name_value exec_names[];    /* none, any */
extern const struct name_value user_names[];    /* keep, nobody */
extern const struct name_value stdin_names[];   /* any, none */
extern const struct name_value require_names[]; /* all, per-process, best-effort */
extern const struct name_value alert_names[];
/* Memory, CPU time, open files and file size can be kept for each process on its own. */
bool promise_has_per_process(enum promise promise);

/* One file (or flag) while it is read onto a profile. */
struct reader {
	const struct document *document;
	struct arena *arena;
	struct diagnostics *diagnostics;
	struct profile *profile;
	const char *base_dir; /* for relative paths; NULL: the caller's directory */
	bool builtin;         /* its limits are best-effort, its grants need no warning */
	bool system;          /* under /etc: must not depend on who calls */
	bool own;             /* the profile itself and not one that it extends */
	bool ceiling;
	bool *seen; /* by row of profile_fields: which were given; or NULL */
};

/* Apply a whole mapping: reports every fault of it. `section` is "" at the top. */
void read_section(struct reader *reader, const char *section, const struct node *mapping);
/* Apply one value to one row. */
void read_field(struct reader *reader, const struct field *field, const struct node *node);
/* Apply what a flag of that key says: one value, or one more entry of its list. Nothing where everything is granted
 * already (network: host, exec: any). */
void read_value(struct reader *reader, const struct field *field, const char *value);
/* The readers of the types that are more than one value (collections.c). */
void read_grants(struct reader *reader, const struct field *field, const struct node *node);
void read_pairs(struct reader *reader, const struct field *field, const struct node *node);
void read_secrets(struct reader *reader, const struct field *field, const struct node *node);
void read_network(struct reader *reader, const struct field *field, const struct node *node);
void read_exec(struct reader *reader, const struct field *field, const struct node *node);
void read_require(struct reader *reader, const struct field *field, const struct node *node);
void read_inputs(struct reader *reader, const struct field *field, const struct node *node);
void read_input_env(struct reader *reader, const struct field *field, const struct node *node);
void read_stdin(struct reader *reader, const struct field *field, const struct node *node);
void read_strings(struct reader *reader, const struct field *field, const struct node *node);

/* Single values, for readers of types that hold several: the value must be a scalar that fits; false when reported. */
bool read_one_text(struct reader *reader, const char *path, enum text_kind kind, const struct node *node,
                   struct profile_string *out);
bool read_one_flag(struct reader *reader, const char *path, const struct node *node, bool *value);
/* A key as a node of its own, so that it is checked and reported like any other text. */
struct node reader_key_node(const struct node *node);

/* Reports at the node's value, or at its key. */
struct diagnostic *reader_error(struct reader *reader, const struct node *node, enum message_code code,
                                const char *format, ...) __attribute__((format(printf, 4, 5)));
struct diagnostic *reader_warn(struct reader *reader, const struct node *node, enum message_code code,
                               const char *format, ...) __attribute__((format(printf, 4, 5)));
struct diagnostic *reader_error_key(struct reader *reader, const struct node *node, enum message_code code,
                                    const char *format, ...) __attribute__((format(printf, 4, 5)));
/* The node's kind is that one, or it is reported with what to write instead; broken nodes fail silently. */
bool reader_expect(struct reader *reader, const struct node *node, const char *path, enum node_kind kind,
                   const char *instead);
/* Warns where a grant of that path gives away more than it seems to. */
void warn_of_sensitive(struct reader *reader, const char *key, const struct node *node, const char *path, bool write);
/* No more entries than a person would write. */
bool reader_has_room(struct reader *reader, const struct node *node, size_t count);
struct profile_string reader_string(const struct reader *reader, const struct node *node, const char *value);
/* Escaped and cut, for messages; owned by the diagnostics' arena. */
const char *reader_show(const struct reader *reader, const char *text);

/* Checks one string; *value gets the form to store (usually node->text). False when it was reported. */
bool text_check(struct reader *reader, const char *path, enum text_kind kind, const struct node *node,
                const char **value);
struct text_rule {
	bool (*check)(struct reader *reader, const char *path, const struct node *node, const char **value);
	bool variables;                                     /* ${HOME} and so on may stand in it */
	bool lines;                                         /* line breaks and tabs may */
	const char *pattern;                                /* JSON Schema; extended regular expression; NULL: any */
	const char *const *(*choices)(struct arena *arena); /* or a fixed list of names; NULL: none */
	const char *wrong;                                  /* an example that is refused, or NULL */
};
extern const struct text_rule text_rules[TEXT_KIND_COUNT];
/* Only the contract's variables, closed, with did-you-mean. */
bool variables_check(struct reader *reader, const struct node *node);
/* How many characters at the start make a name of an environment variable. */
size_t env_name_length(const char *text);
/* The first `length` characters of `word` are an entry of the NULL-terminated list. */
bool word_in_list(const char *const *list, const char *word, size_t length);
/* Names that often hold a secret: DB_PASSWORD, API_KEY, ... */
bool is_secret_name(const char *name);

/* What a mistyped key most likely meant, as it would be written in that section; NULL when nothing is near. */
const char *field_suggest(const char *section, const char *word, struct arena *arena);

#endif
