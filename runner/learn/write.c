#include "learn/write.h"

#include <string.h>

#include "base/units.h"
#include "plan/links.h"
#include "profile/table.h"

#define MIB ((uint64_t)1 << 20)
#define MEMORY_LEAST (128 * MIB)
#define PROCESSES_LEAST 32 /* the watcher does not see what is over in a few milliseconds */
#define OPEN_FILES_LEAST 64
#define WHY_COLUMN 48

uint64_t learn_memory(uint64_t peak_bytes)
{
	uint64_t bytes = MEMORY_LEAST;

	while (bytes < 2 * peak_bytes)
		bytes += bytes < 1024 * MIB ? 128 * MIB : 1024 * MIB;
	return bytes;
}

uint64_t learn_count(uint64_t peak, uint64_t least)
{
	uint64_t count = least;

	while (count < 2 * peak)
		count *= 2;
	return count;
}

static void add_comment(struct text *line, const char *why, struct text *out)
{
	text_add(out, text_string(line));
	if (why) {
		for (size_t i = line->length; i < WHY_COLUMN; i++)
			text_add(out, " ");
		text_add(out, "  # ");
		text_add_escaped(out, why);
	}
	text_add(out, "\n");
}

/* As it reads in a profile that may lie anywhere, and belong to anyone. */
static void add_path(const struct learn_text *about, const char *path, struct text *out)
{
	TEXT_CLEANUP struct text value = { 0 };
	const struct {
		const char *directory, *variable;
	} rows[] = { { about->script_dir, "${SCRIPT_DIR}" }, { about->home, "${HOME}" } };

	for (size_t i = 0; i < 2 && value.length == 0; i++)
		if (rows[i].directory && rows[i].directory[1] && path_is_below(path, rows[i].directory))
			text_addf(&value, "%s%s", rows[i].variable, path + strlen(rows[i].directory));
	if (value.length == 0)
		text_add(&value, path);
	emit_scalar(text_string(&value), out);
}

static void add_list(const struct folded *folded, const struct learn_text *about, enum grant_kind kind,
                     const char *head, const char *indent, struct text *out)
{
	bool any = false;

	for (size_t i = 0; i < folded->grant_count; i++) {
		const struct grant *grant = &folded->grants[i];
		TEXT_CLEANUP struct text line = { 0 };

		if (grant->kind != kind)
			continue;
		if (!any)
			text_addf(out, "%s:\n", head);
		any = true;
		text_addf(&line, "%s- %s", indent, grant->exec ? "{path: " : "");
		if (grant->value[0] == '/')
			add_path(about, grant->value, &line);
		else
			emit_scalar(grant->value, &line);
		text_add(&line, grant->exec ? ", exec: true}" : "");
		add_comment(&line, grant->why, out);
	}
}

static bool has(const struct folded *folded, enum grant_kind kind)
{
	for (size_t i = 0; i < folded->grant_count; i++)
		if (folded->grants[i].kind == kind)
			return true;
	return false;
}

static void add_files(const struct folded *folded, const struct learn_text *about, struct text *out)
{
	if (!has(folded, GRANT_READ) && !has(folded, GRANT_WRITE) && !has(folded, GRANT_PRESET))
		return;
	text_add(out, "\nfiles:\n");
	add_list(folded, about, GRANT_READ, "  read", "    ", out);
	add_list(folded, about, GRANT_WRITE, "  write", "    ", out);
	add_list(folded, about, GRANT_PRESET, "  presets", "    ", out);
}

static void add_network(const struct folded *folded, const struct learn_text *about, struct text *out)
{
	if (about->network_rules && *about->network_rules) {
		text_add(out, "\nnetwork:\n  allow:                                          # given by --net\n");
		for (const char *const *rule = about->network_rules; *rule; rule++) {
			text_add(out, "    - ");
			emit_scalar(*rule, out);
			text_add(out, "\n");
		}
		return;
	}
	if (!has(folded, GRANT_NET)) {
		if (about->network_host)
			text_add(out,
			         "\nnetwork: host                                     # nothing was connected to\n");
		return;
	}
	text_add(out, "\nnetwork:\n");
	add_list(folded, about, GRANT_NET, "  allow", "    ", out);
	if (folded->loopback_host)
		text_add(out, "  loopback: host                                  # servers of this machine\n");
}

static void add_environment(const struct learn_text *about, struct text *out)
{
	const char *const *name = about->environment, *const *pair = about->environment_set;

	if (!(name && *name) && !(pair && *pair))
		return;
	text_add(out, "\nenv:                                              # given by --env: what a script reads of it "
	              "cannot be seen\n");
	if (name && *name)
		text_add(out, "  allow:\n");
	for (; name && *name; name++) {
		text_add(out, "    - ");
		emit_scalar(*name, out);
		text_add(out, "\n");
	}
	if (pair && *pair)
		text_add(out, "  set:\n");
	for (; pair && *pair; pair++) {
		size_t length = strcspn(*pair, "=");

		text_add(out, "    ");
		text_add_n(out, *pair, length);
		text_add(out, ": ");
		emit_scalar(*pair + length + ((*pair)[length] == '='), out);
		text_add(out, "\n");
	}
}

static void add_limit(const char *head, const char *value, const char *why, struct text *out)
{
	TEXT_CLEANUP struct text line = { 0 };

	text_addf(&line, "  %s: %s", head, value);
	add_comment(&line, why, out);
}

static void add_limits(const struct learn_text *about, struct text *out)
{
	const struct learn_usage *usage = &about->usage;
	char value[48], peak[48];
	TEXT_CLEANUP struct text memory = { 0 }, threads = { 0 }, files = { 0 }, time = { 0 };

	text_add(out, "\nlimits:\n");
	text_addf(&memory, "peak %s", format_size((usage->memory_bytes + MIB - 1) / MIB * MIB, peak, sizeof(peak)));
	add_limit("memory", format_size(learn_memory(usage->memory_bytes), value, sizeof(value)), text_string(&memory),
	          out);
	text_addf(&threads, "peak %llu, threads included", (unsigned long long)usage->threads);
	text_addf(&files, "peak %llu in one process", (unsigned long long)usage->open_files);
	{
		TEXT_CLEANUP struct text number = { 0 };

		text_addf(&number, "%llu", (unsigned long long)learn_count(usage->threads, PROCESSES_LEAST));
		add_limit("processes", text_string(&number), text_string(&threads), out);
	}
	{
		TEXT_CLEANUP struct text number = { 0 };

		text_addf(&number, "%llu", (unsigned long long)learn_count(usage->open_files, OPEN_FILES_LEAST));
		add_limit("open_files", text_string(&number), text_string(&files), out);
	}
	text_addf(&time, "it took %s", format_duration(usage->wall_ms, value, sizeof(value)));
	add_limit("# timeout",
	          format_duration(usage->wall_ms < 15000 ? 30000 : (usage->wall_ms / 60000 + 1) * 120000, peak,
	                          sizeof(peak)),
	          text_string(&time), out);
}

static void add_remarks(const struct folded *folded, const struct learn_text *about, struct text *out)
{
	if (folded->remark_count)
		text_add(out, "\n# Seen, and not granted:\n");
	for (size_t i = 0; i < folded->remark_count; i++) {
		text_add(out, "#   ");
		text_add_escaped(out, folded->remarks[i].what);
		text_add(out, ": ");
		text_add_escaped(out, folded->remarks[i].why);
		text_add(out, "\n");
	}
	if (folded->remarks_left_out)
		text_addf(out, "#   ... and %zu more\n", folded->remarks_left_out);
	if (about->dropped)
		text_addf(out, "# %llu more observations were dropped: there is room for %d targets.\n",
		          (unsigned long long)about->dropped, RECORD_TARGETS_MAX);
}

void learn_write(const struct folded *folded, const struct learn_text *about, struct text *out)
{
	text_add(out, "# Learned by pyconfine " PYCONFINE_VERSION " on ");
	text_add_escaped(out, about->date);
	text_add(out, " from one run of ");
	text_add_escaped(out, about->script);
	if (about->arguments) {
		text_add(out, " ");
		text_add_escaped(out, about->arguments);
	}
	text_addf(out, ",\n# which %s.\n", about->how_it_ended);
	text_add(out, "# It grants what that run did beyond the built-in `offline`. Another run may need "
	              "more.\n");
	text_add(out, "version: 1\n");
	if (about->interpreter) {
		text_add(out, "\npython:\n  interpreter: ");
		emit_scalar(about->interpreter, out);
		text_add(out, "\n");
	}
	add_files(folded, about, out);
	add_network(folded, about, out);
	if (has(folded, GRANT_EXEC))
		text_add(out, "\n");
	add_list(folded, about, GRANT_EXEC, "exec", "  ", out);
	add_environment(about, out);
	add_limits(about, out);
	add_remarks(folded, about, out);
}
