/* profile/patch: exact texts, and what is refused. */
#include "profile/patch.h"

#include "profile_helpers.h"

struct example {
	const char *what, *before;
	struct patch_change changes[3];
	const char *after; /* NULL: refused */
};

#define ADD(key, value) \
	{ \
		key, value, PATCH_ADD, true \
	}
#define REMOVE(key, value) \
	{ \
		key, value, PATCH_REMOVE, false \
	}
#define SET(key, value) \
	{ \
		key, value, PATCH_SET, false \
	}

static const struct example examples[] = {
	{ "only a version", "version: 1\n", { ADD("files.read", "/x") }, "version: 1\nfiles: {read: [/x]}\n" },
	{ "no final newline", "version: 1", { ADD("files.read", "/x") }, "version: 1\nfiles: {read: [/x]}" },
	{ "everything in brackets",
	  "{version: 1}\n",
	  { ADD("system.syscalls.allow", "mlock") },
	  "{version: 1, system: {syscalls: {allow: [mlock]}}}\n" },
	{ "one more in brackets, comments kept",
	  "version: 1  # one\nfiles: {read: [/a, \"/b c\"]}  # why\n# end\n",
	  { ADD("files.read", "/c: d") },
	  "version: 1  # one\nfiles: {read: [/a, \"/b c\", \"/c: d\"]}  # why\n# end\n" },
	{ "an empty list",
	  "version: 1\nfiles: {read: []}\n",
	  { ADD("files.read", "/a") },
	  "version: 1\nfiles: {read: [/a]}\n" },
	{ "a key missing in brackets",
	  "version: 1\nfiles: {read: [/a]}\n",
	  { ADD("files.write", "/b") },
	  "version: 1\nfiles: {read: [/a], write: [/b]}\n" },
	{ "dashes",
	  "version: 1\nfiles:\n  read:\n    - /a   # first\n    - {path: /b, optional: true}\n\n  # later\n  tmp: 1G\n",
	  { ADD("files.read", "/c") },
	  "version: 1\nfiles:\n  read:\n    - /a   # first\n    - {path: /b, optional: true}\n    - /c\n\n  # later\n  tmp: 1G\n" },
	{ "dashes under the key, wide, behind a mapping of lines",
	  "version: 1\nfiles:\n    read:\n    -   path: /a\n        optional: true\n# end\n",
	  { ADD("files.read", "/c"), ADD("files.write", "/d") },
	  "version: 1\nfiles:\n    read:\n    -   path: /a\n        optional: true\n    -   /c\n    write:\n    - /d\n# end\n" },
	{ "a section in the style of the others",
	  "version: 1\nfiles:\n  read:\n    - /a\n",
	  { ADD("network.allow", "a.example:443"), SET("limits.memory", "512M") },
	  "version: 1\nfiles:\n  read:\n    - /a\nnetwork:\n  allow:\n    - \"a.example:443\"\nlimits:\n  memory: 512M\n" },
	{ "sections line by line, lists in brackets",
	  "version: 1\nfiles:\n   read: [/a]\n",
	  { ADD("network.allow", "a.example:443") },
	  "version: 1\nfiles:\n   read: [/a]\nnetwork:\n   allow: [\"a.example:443\"]\n" },
	{ "words give way",
	  "version: 1\nexec: none # yet\nnetwork: none\n",
	  { ADD("exec", "/bin/ls"), ADD("network.allow", "10.0.0.1:80") },
	  "version: 1\nexec: [/bin/ls] # yet\nnetwork: {allow: [\"10.0.0.1:80\"]}\n" },
	{ "everything is granted already",
	  "version: 1\nexec: any\nnetwork: host\nfiles: {read: [/a]}\n",
	  { ADD("exec", "/bin/ls"), ADD("network.allow", "10.0.0.1:80"), ADD("files.read", "/a") },
	  "version: 1\nexec: any\nnetwork: host\nfiles: {read: [/a]}\n" },
	{ "line endings of DOS",
	  "version: 1\r\nfiles:\r\n  read:\r\n    - /a\r\n",
	  { ADD("files.read", "/b"), ADD("exec", "git") },
	  "version: 1\r\nfiles:\r\n  read:\r\n    - /a\r\n    - /b\r\nexec:\r\n  - git\r\n" },
	{ "quoted keys and a byte order mark",
	  "\xef\xbb\xbf\"version\": 1\n'files': {\"read\": ['/a']}\n",
	  { ADD("files.read", "/b") },
	  "\xef\xbb\xbf\"version\": 1\n'files': {\"read\": ['/a', /b]}\n" },
	{ "brackets over several lines",
	  "version: 1\nfiles: {\n  read: [\n    /a,\n    /b  # last\n  ]\n}\n",
	  { ADD("files.read", "/c") },
	  "version: 1\nfiles: {\n  read: [\n    /a,\n    /b,  # last\n    /c\n  ]\n}\n" },
	{ "a comma behind the last",
	  "version: 1\nfiles:\n  read: [\n    /a,\n    /b,\n  ]\n",
	  { ADD("files.read", "/c") },
	  "version: 1\nfiles:\n  read: [\n    /a,\n    /b,\n    /c,\n  ]\n" },
	{ "a long line goes on in the next",
	  "version: 1\nfiles: {read: [/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa, /bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb]}\n",
	  { ADD("files.read", "/cccccccccccccccccccc") },
	  "version: 1\nfiles: {read: [/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa, /bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb,\n"
	  "               /cccccccccccccccccccc]}\n" },
	{ "beyond ASCII in the line before",
	  "version: 1\nfiles: {read: [\"/\xc3\xa4\xc3\xb6\", /b]} # \xe2\x82\xac\n",
	  { ADD("files.read", "/c") },
	  "version: 1\nfiles: {read: [\"/\xc3\xa4\xc3\xb6\", /b, /c]} # \xe2\x82\xac\n" },
	{ "a text of several lines before",
	  "version: 1\ndescription: |\n  Reads things.\n  # no comment\n\n# end\n",
	  { ADD("files.read", "/c") },
	  "version: 1\ndescription: |\n  Reads things.\n  # no comment\nfiles: {read: [/c]}\n\n# end\n" },
	{ "what needs quotes",
	  "version: 1\n",
	  { ADD("files.read", "/a #b"), ADD("files.read", "/\"q\\"), ADD("files.read", "/$x") },
	  "version: 1\nfiles: {read: [\"/a #b\", \"/\\\"q\\\\\", \"/$x\"]}\n" },
	{ "a value replaced",
	  "version: 1\nlimits: {memory: '1G', timeout: 5s}\n",
	  { SET("limits.memory", "2G") },
	  "version: 1\nlimits: {memory: 2G, timeout: 5s}\n" },
	{ "the first of three",
	  "version: 1\nexec: [/a, /b, /c]\n",
	  { REMOVE("exec", "/a") },
	  "version: 1\nexec: [/b, /c]\n" },
	{ "the last of three",
	  "version: 1\nexec: [/a, /b, /c]\n",
	  { REMOVE("exec", "/c") },
	  "version: 1\nexec: [/a, /b]\n" },
	{ "the only one", "version: 1\nexec: [ /a, ]\n", { REMOVE("exec", "/a") }, "version: 1\nexec: [  ]\n" },
	{ "a line of brackets",
	  "version: 1\nexec: [\n  /a, # a\n  /b  # b\n]\n",
	  { REMOVE("exec", "/a") },
	  "version: 1\nexec: [\n  /b  # b\n]\n" },
	{ "a dash",
	  "version: 1\nfiles:\n  read:\n    - /a\n    - path: /b\n      optional: true\n    - /c\n",
	  { REMOVE("files.read", "/b"), REMOVE("files.read", "/c") },
	  "version: 1\nfiles:\n  read:\n    - /a\n" },
	{ "the only dash",
	  "version: 1\nexec: # programs\n  - /a\nlocked: true\n",
	  { REMOVE("exec", "/a") },
	  "version: 1\nexec: [] # programs\nlocked: true\n" },
	{ "a key",
	  "version: 1\nlimits:\n  memory: 1G\n  timeout: 5s\n",
	  { REMOVE("limits.memory", NULL) },
	  "version: 1\nlimits:\n  timeout: 5s\n" },
	{ "the only key of a section",
	  "version: 1\nlimits:\n  memory: 1G\nlocked: true\n",
	  { REMOVE("limits.memory", NULL) },
	  "version: 1\nlocked: true\n" },
	{ "a literal variable", "version: 1\n", { ADD("files.read", "/x/${HOME}") }, NULL },
	{ "a line break", "version: 1\n", { ADD("files.read", "/x\n/y") }, NULL },
	{ "not UTF-8", "version: 1\n", { ADD("files.read", "/x\xff") }, NULL },
	{ "not a rule", "version: 1\n", { ADD("network.allow", "a.example") }, NULL },
	{ "not there", "version: 1\nexec: [/a]\n", { REMOVE("exec", "/b") }, NULL },
	{ "no such key", "version: 1\n", { ADD("file.read", "/b") }, NULL },
	{ "no list", "version: 1\n", { ADD("limits.memory", "1G") }, NULL },
	{ "not a profile", "version: 1\nfiles: {read: /a}\n", { ADD("files.read", "/b") }, NULL },
	{ "empty", "", { ADD("files.read", "/b") }, NULL },
};

static size_t count_changes(const struct example *example)
{
	size_t count = 0;

	while (count < 3 && example->changes[count].key)
		count++;
	return count;
}

static void test_examples(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(examples) / sizeof(examples[0]); i++) {
		const struct example *example = &examples[i];
		TEXT_CLEANUP struct text out = { 0 };
		struct error err = { 0 };
		int result = profile_patch("/p/t.yaml", example->before, strlen(example->before), NULL,
		                           example->changes, count_changes(example), &out, &err);

		if ((result != 0) != (example->after == NULL))
			fail_msg("%s: %s%s", example->what, err.message, text_string(&out));
		assert_string_equal(text_string(&out), example->after ? example->after : "");
		assert_true(result == 0 || err.message[0]);
	}
}

static int patch_merged(const char *before, struct patch_change change, struct text *out, struct error *err)
{
	static const struct profile_request request = { .cwd = "/nowhere" };

	return profile_patch("test.yaml", before, strlen(before), &request, &change, 1, out, err);
}

static void test_extends(void **state)
{
	TEXT_CLEANUP struct text out = { 0 };
	struct error err = { 0 };

	(void)state;
	assert_int_equal(
		patch_merged("version: 1\n", (struct patch_change)ADD("network.allow", "a.example:1"), &out, &err), 0);
	assert_string_equal(text_string(&out), "version: 1\nnetwork: {allow: [\"a.example:1\"]}\n");
	text_free(&out);
	assert_int_equal(patch_merged("version: 1\nextends: upload\nfiles: {read: []}\n",
	                              (struct patch_change)REMOVE("files.read", "/x"), &out, &err),
	                 -1);
	assert_int_equal(err.code, CODE_PATCH);
	assert_string_equal(err.message, "files.read: /x: it does not stand there");
	assert_string_equal(err.hint, "Change the profile by hand.");
	/* what is inherited comes back */
	assert_int_equal(patch_merged("version: 1\nlimits: {memory: 3G}\n",
	                              (struct patch_change)REMOVE("limits.memory", NULL), &out, &err),
	                 0);
	assert_string_equal(text_string(&out), "version: 1\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_examples),
		cmocka_unit_test(test_extends),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
