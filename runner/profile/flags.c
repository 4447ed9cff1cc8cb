/* Flags of the command line: each becomes the nodes that a profile would hold, so that one reader judges both. */
#include <string.h>

#include "profile/merge.h"

/* The nodes of one flag, innermost first. */
struct flag_nodes {
	const struct field *field;
	struct node scalar, inner, outer, as;
	const struct node *top;
};

static void wrap(struct node *outside, enum node_kind kind, struct node *inside, const char *key)
{
	inside->key = key;
	*outside = (struct node){ .kind = kind, .span = inside->span, .first = inside, .last = inside, .count = 1 };
}

static bool split_pair(struct arena *arena, const char *text, const char **name, const char **value)
{
	const char *equals = strchr(text, '=');

	if (!equals)
		return false;
	*name = arena_strndup(arena, text, (size_t)(equals - text));
	*value = equals + 1;
	return true;
}

/* SOURCE[,as=WAY]: the last one counts, since a path may hold one, too. */
static void make_secret(struct arena *arena, const char *name, const char *source, struct flag_nodes *out)
{
	static const char mark[] = ",as=";
	const char *as = NULL;

	for (const char *next = strstr(source, mark); next; next = strstr(next + 1, mark))
		as = next;
	out->scalar.text = as ? arena_strndup(arena, source, (size_t)(as - source)) : source;
	wrap(&out->inner, NODE_MAPPING, &out->scalar, "from");
	if (as) {
		out->as = (struct node){ .kind = NODE_SCALAR, .quoted = true, .text = as + strlen(mark), .key = "as" };
		out->scalar.next = out->inner.last = &out->as;
		out->inner.count = 2;
	}
	wrap(&out->outer, NODE_MAPPING, &out->inner, name);
	out->top = &out->outer;
}

/* --env NAME passes a variable on, --env NAME=V sets it; --secret NAME=SOURCE[,as=WAY]; --net adds to the rules, which
 * makes the network one by rules. Everything else is the value of its key, or one entry of its list. */
static void make_nodes(struct arena *arena, const struct field *field, const char *text, struct flag_nodes *out)
{
	const char *name, *value;
	int word;

	*out = (struct flag_nodes){ .field = field, .scalar = { .kind = NODE_SCALAR, .quoted = true, .text = text } };
	out->top = &out->scalar;
	if (field_is_in(field, "env") && split_pair(arena, text, &name, &value)) {
		out->field = field_find("env.set");
		out->scalar.text = value;
		wrap(&out->inner, NODE_MAPPING, &out->scalar, name);
		out->top = &out->inner;
	} else if (field->type == FIELD_SECRETS && split_pair(arena, text, &name, &value)) {
		make_secret(arena, name, value, out);
	} else if (field->type == FIELD_STRINGS && field_is_in(field, "network")) {
		out->field = field_find("network");
		wrap(&out->inner, NODE_LIST, &out->scalar, NULL);
		wrap(&out->outer, NODE_MAPPING, &out->inner, field_leaf(field));
		out->top = &out->outer;
	} else if (field->type == FIELD_STRINGS || field->type == FIELD_GRANTS ||
	           (field->type == FIELD_EXEC && !name_find(field->names, text, &word))) {
		wrap(&out->inner, NODE_LIST, &out->scalar, NULL);
		out->top = &out->inner;
	}
}

static bool is_limit(const struct field *field)
{
	return field->type >= FIELD_SIZE && field->type <= FIELD_CPUS;
}

static bool is_smaller(const struct limit *after, const struct limit *before)
{
	return after->set && (!before->set || after->value <= before->value);
}

static void refuse(struct loader *loader, const struct profile_flag *flag, const char *what)
{
	const struct source_pos pos = { .file = flag->flag };

	loader_report(loader, SEVERITY_ERROR, CODE_LOCKED, &pos, 0, "%s %s: the profile is locked", flag->flag, what)
		->hint = "A locked profile takes no grants from the command line. Add it to the profile, if that is "
			 "yours to change.";
}

/* One rule beside `network: host`, or one program beside `exec: any`, would take the rest away instead of adding to
 * it. */
static bool has_everything(const struct profile *profile, const struct flag_nodes *nodes)
{
	if (nodes->field->type == FIELD_NETWORK)
		return nodes->top->kind == NODE_MAPPING && profile->network.mode == NETWORK_HOST;
	return nodes->field->type == FIELD_EXEC && nodes->top->kind == NODE_LIST && profile->exec.mode == EXEC_ANY;
}

void read_value(struct reader *reader, const struct field *field, const char *value)
{
	struct flag_nodes nodes;

	make_nodes(reader->arena, field, value, &nodes);
	if (!has_everything(reader->profile, &nodes))
		read_field(reader, nodes.field, nodes.top);
}

static void apply_flag(struct loader *loader, const struct profile_flag *flag)
{
	const struct document document = { .file = flag->flag };
	const struct source_pos pos = { .file = flag->flag };
	const struct field *field = field_find(flag->key);
	struct reader reader = {
		.document = &document,
		.arena = loader->arena,
		.diagnostics = loader->diagnostics,
		.profile = loader->profile,
		.own = true,
	};
	struct limit before = { 0 };

	if (!field) {
		loader_report(loader, SEVERITY_ERROR, CODE_INTERNAL, &pos, 0, "%s stands for the unknown key %s",
		              flag->flag, flag->key);
		return;
	}
	if (loader->profile->locked && !is_limit(field)) {
		refuse(loader, flag, "is refused");
		return;
	}
	if (field->type == FIELD_SECRETS && !strchr(flag->value, '=')) {
		/* not quoted: it may be the secret itself */
		loader_report(loader, SEVERITY_ERROR, CODE_BAD_VALUE, &pos, 0, "a secret is NAME=SOURCE")->hint =
			"Write --secret db=env:DB_PW; also file:PATH, fd:3, credential:NAME.";
		return;
	}
	if (is_limit(field))
		before = *(struct limit *)field_place(field, loader->profile);
	read_value(&reader, field, flag->value);
	if (loader->profile->locked && is_limit(field) && !is_smaller(field_value(field, loader->profile), &before)) {
		*(struct limit *)field_place(field, loader->profile) = before;
		refuse(loader, flag, "may only shrink the limit");
	}
}

void merge_flags(struct loader *loader)
{
	for (size_t i = 0; i < loader->request->flag_count; i++)
		apply_flag(loader, &loader->request->flags[i]);
}
