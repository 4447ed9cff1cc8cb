#include "base/codes.h"

#include <string.h>

/* clang-format off */
const struct message_page message_codes[CODE_COUNT] = {
	[CODE_NONE] = { "none", "nothing to say", "" },
	[CODE_USAGE] = {
		"usage", "the command line was not understood",
		"An option is unknown, lacks its value, or stands in the wrong place. Options of pyconfine\n"
		"come before the script; everything after the script's name is the script's own and is not\n"
		"looked at.\n\n"
		"  wrong:  pyconfine report.py --timeout 30s     (the script gets --timeout)\n"
		"  right:  pyconfine --timeout 30s report.py\n\n"
		"`pyconfine help` lists commands and options.\n" },
	[CODE_PROFILE_NOT_FOUND] = {
		"profile-not-found", "no profile of that name or path exists",
		"A name is looked for in $XDG_CONFIG_HOME/pyconfine/profiles, /etc/pyconfine/profiles,\n"
		"/usr/share/pyconfine/profiles and among the built-in profiles. A value with a '/' or ending\n"
		"in .yaml is a path.\n\n"
		"  wrong:  --profile report.yml.bak\n"
		"  right:  --profile report      --profile ./report.yaml      --profile builtin:untrusted\n\n"
		"`pyconfine profiles` lists what there is and what shadows what.\n" },
	[CODE_PROFILE_UNREADABLE] = {
		"profile-unreadable", "the profile cannot be read",
		"The file exists but cannot be opened or read, or is no regular file: a directory, a FIFO and\n"
		"a device are refused. `ls -l FILE` shows what it is; `chmod u+r FILE` makes it readable.\n" },
	[CODE_PROFILE_UNTRUSTED] = {
		"profile-untrusted", "somebody else could have written the profile",
		"A profile decides what a script may do, so nobody but you or root may be able to change it.\n"
		"Its file and the directory that holds it must belong to you or to root and must not be\n"
		"writable by group or others.\n\n"
		"  wrong:  -rw-rw-r-- report.pyconfine.yaml\n"
		"  right:  -rw-r--r-- report.pyconfine.yaml\n\n"
		"Type: chmod go-w FILE DIRECTORY. In /tmp there is no safe place for a profile; move it to a\n"
		"directory of yours.\n" },
	[CODE_YAML_SYNTAX] = {
		"yaml-syntax", "the file is not valid YAML",
		"Usually indentation (spaces only, never tabs), a missing space after ':', or an unclosed\n"
		"quote or bracket.\n\n"
		"  wrong:  files:{read: [/srv}\n"
		"  right:  files: {read: [/srv]}\n\n"
		"Values that begin with * & ! % @ ` or hold ': ' or ' #' need quotes: \"*.cdn.net:443\".\n" },
	[CODE_YAML_FORBIDDEN] = {
		"yaml-forbidden", "a part of YAML that profiles do not use",
		"Anchors, aliases, tags, merge keys (<<) and a second document are refused: they let a file\n"
		"mean something else than what it seems to say. Write values out; to share them between\n"
		"profiles use `extends`.\n\n"
		"  wrong:  files: {read: &dirs [/srv], write: *dirs}\n"
		"  right:  files: {read: [/srv], write: [/srv]}\n\n"
		"A value that begins with * & or ! needs quotes: \"*.cdn.net:443\".\n" },
	[CODE_TOO_LARGE] = {
		"too-large", "the profile is too large or too deep",
		"A profile has at most 1 MiB and is nested at most 16 deep. Profiles that people can review\n"
		"are far smaller: grant a directory instead of a thousand files, and split common parts off\n"
		"with `extends`.\n" },
	[CODE_UNKNOWN_KEY] = {
		"unknown-key", "a key that profiles do not have",
		"An unknown key is an error, because a mistyped promise would otherwise silently not be kept.\n\n"
		"  wrong:  fiels: {read: [/srv]}\n"
		"  right:  files: {read: [/srv]}\n\n"
		"`pyconfine schema` prints every key; editors that know JSON Schema complete them.\n" },
	[CODE_DUPLICATE_KEY] = {
		"duplicate-key", "the same key twice in one mapping",
		"YAML readers disagree about which of the two counts, so neither does. Put both into one.\n\n"
		"  wrong:  files: {read: [/a]}\n"
		"          files: {read: [/b]}\n"
		"  right:  files: {read: [/a, /b]}\n" },
	[CODE_MISSING_KEY] = {
		"missing-key", "a required key is absent",
		"Every profile begins with `version: 1`, so that a later version of the format cannot be\n"
		"mistaken for this one. `outputs` needs `path`; a secret needs `from`.\n\n"
		"  right:  version: 1\n"
		"          files: {read: [/srv/data]}\n" },
	[CODE_WRONG_TYPE] = {
		"wrong-type", "a list, mapping or plain value where another was expected",
		"Each key takes one kind of value.\n\n"
		"  wrong:  limits: [memory, 512M]\n"
		"  right:  limits: {memory: 512M}\n\n"
		"`pyconfine schema` says which kind each key takes.\n" },
	[CODE_BAD_VALUE] = {
		"bad-value", "a value that this key cannot have",
		"The message names the values that are allowed. Scalars stay strings: `no` is not false and\n"
		"3.10 is not 3.1, so write true and false in full.\n\n"
		"  wrong:  on_denial: stop         locked: yes\n"
		"  right:  on_denial: kill         locked: true\n" },
	[CODE_MISSING_UNIT] = {
		"missing-unit", "a size or duration without a unit",
		"512 may mean bytes, kilobytes or megabytes, 30 may mean seconds or minutes: pyconfine does\n"
		"not guess.\n\n"
		"  wrong:  memory: 512             timeout: 30\n"
		"  right:  memory: 512M            timeout: 30s\n\n"
		"Sizes: K M G (times 1024; Ki Mi Gi are the same). Durations: 500ms 30s 5m 2h.\n" },
	[CODE_WRONG_UNIT] = {
		"wrong-unit", "a unit that pyconfine does not know",
		"Sizes take K M G (times 1024; Ki Mi Gi are the same), durations take ms s m h d. Case\n"
		"counts: m is minutes, M is mebibytes.\n\n"
		"  wrong:  memory: 512m            timeout: 10 minutes\n"
		"  right:  memory: 512M            timeout: 10m\n" },
	[CODE_BAD_PATH] = {
		"bad-path", "a path that cannot be granted",
		"Paths may be absolute, relative to the profile's directory, or begin with a variable. They\n"
		"are not empty. A path inside (`as`) is absolute and without \"..\". \"~\" is the shell's and not\n"
		"expanded: write ${HOME}.\n\n"
		"  wrong:  files: {read: [\"~/data\"]}\n"
		"  right:  files: {read: [\"${HOME}/data\"]}\n" },
	[CODE_BAD_VARIABLE] = {
		"bad-variable", "an unknown or malformed variable",
		"Only these exist: ${HOME} ${SCRIPT} ${SCRIPT_DIR} ${PROFILE_DIR} ${CWD} ${USER} ${UID}\n"
		"${XDG_CONFIG_HOME} ${SESSION} and ${env:NAME}. ${env:NAME} is an error where NAME is not\n"
		"set, and in profiles under /etc, which must not depend on who calls.\n\n"
		"  wrong:  ${SCRIPTDIR}/data       $HOME/data\n"
		"  right:  ${SCRIPT_DIR}/data      ${HOME}/data\n" },
	[CODE_EXTENDS_LOOP] = {
		"extends-loop", "profiles extend each other in a circle, or too deep",
		"`extends` may be 8 deep and must not lead back to a profile that is being read. Profile a\n"
		"that extends b while b extends a has no first part to begin with. Move what both need into a\n"
		"third profile.\n" },
	[CODE_LOCKED] = {
		"locked", "a locked profile or the administrator's ceiling forbids this",
		"`locked: true` means that flags grant nothing more and limits can only shrink; a profile\n"
		"that extends a locked one is locked, too. The ceiling (/etc/pyconfine/ceiling.yaml) is the\n"
		"most that anybody is granted on this machine.\n\n"
		"  wrong:  pyconfine -p upload-locked --read /etc convert.py\n"
		"  right:  add `read: [/etc]` to the profile itself, if it is yours to change\n" },
	[CODE_UNKNOWN_SYSCALL] = {
		"unknown-syscall", "no system call has that name",
		"system.syscalls takes names as in the manual's section 2 (`man 2 syscalls`), without \"sys_\"\n"
		"or parentheses.\n\n"
		"  wrong:  syscalls: {deny: [sys_ptrace]}\n"
		"  right:  syscalls: {deny: [ptrace]}\n" },
	[CODE_RISKY_GRANT] = {
		"risky-grant", "a grant that gives away more than it seems to",
		"Some files, programs and networks lead further than themselves: a Docker socket is root on\n"
		"the host, ~/.ssh is every machine you can log into, `exec: any` brings back every tool an\n"
		"attacker wants. This is a warning: the grant works. Grant the single file, program or host\n"
		"that the script needs instead.\n\n"
		"  wide:   files: {read: [\"${HOME}\"]}\n"
		"  narrow: files: {read: [\"${HOME}/reports/input.csv\"]}\n" },
	[CODE_MISSING_PATH] = {
		"missing-path", "a granted path does not exist",
		"A path that a profile grants must exist when the script starts, because a typing error would\n"
		"otherwise go unnoticed. Where it may be absent, say so:\n\n"
		"  right:  files: {read: [{path: /etc/report.conf, optional: true}]}\n" },
	[CODE_BAD_INPUT] = {
		"bad-input", "an argument, a variable or stdin is not what the profile takes",
		"`inputs` in a profile says what a script may be given. Everything is checked before the\n"
		"script starts; the message names the value, what is wrong with it and what is taken.\n"
		"Control characters and text that is not UTF-8 are never taken.\n\n"
		"  inputs: {args: [{name: size, type: int, min: 1, max: 4096}]}\n"
		"  wrong:  pyconfine resize.py 5000\n"
		"  right:  pyconfine resize.py 640\n" },
	[CODE_NOT_YET] = {
		"not-yet", "a key that this version checks but cannot enforce",
		"The key is part of the format, and this version of pyconfine checks it, but does not carry\n"
		"it out. Rather than running the script without what you asked for, it refuses to start.\n"
		"Remove the key, or use a version that knows it.\n" },
	[CODE_CANNOT_KEEP] = {
		"cannot-keep", "this machine cannot keep a promise of the profile",
		"The kernel, the container or the account lacks what the promise needs. The script was not\n"
		"started, since running it with less than was promised would be worse than not running it.\n"
		"`pyconfine doctor` names what is missing and the command that provides it. Where less is\n"
		"acceptable, relax that one promise:\n\n"
		"  require: {memory: best-effort}\n" },
	[CODE_RELAXED] = {
		"relaxed", "a promise was relaxed by `require` and is not fully kept",
		"The profile says that this promise may be kept less strictly on a machine that cannot do\n"
		"better, and that is the case here. `pyconfine explain` shows what is left; `pyconfine\n"
		"doctor` shows what would be needed for more.\n" },
	[CODE_SECRET] = {
		"secret", "a secret cannot be had, or not be handed over",
		"The source of a secret is missing, empty, too large (64 KiB), or a file that others than its\n"
		"owner may read. The script was not started. The file must belong to you or to root, and so\n"
		"must the directory that holds it and every link on the way; its mode leaves nothing to\n"
		"others. Only where root owns it and you are not root, its group may read it, since that is\n"
		"how it is given to you.\n\n"
		"  right:  chmod 600 /etc/report/key\n"
		"  right:  secrets: {key: {from: \"file:/etc/report/key\"}}\n"
		"  right:  secrets: {db: {from: \"env:DB_PW\", as: \"env:PGPASSWORD\"}}\n\n"
		"The script finds files in the directory $CREDENTIALS_DIRECTORY, by the secret's name.\n" },
	[CODE_SCRIPT_NOT_FOUND] = {
		"script-not-found", "the script does not exist or cannot be read",
		"The first word that is no option is the script, as with python itself. A word that is a\n"
		"command's name is the command: a script called `check` is run as ./check.\n" },
	[CODE_INTERPRETER_NOT_FOUND] = {
		"interpreter-not-found", "no Python of that version or path was found",
		"python.interpreter is `auto`, a version, a path or a virtual environment. The message lists\n"
		"what was found where.\n\n"
		"  right:  python: {interpreter: \"3.12\"}       python: {interpreter: \"venv:/opt/report/venv\"}\n"
		"  right:  python: {interpreter: /usr/bin/python3.11}\n" },
	[CODE_INTERPRETER_UNUSABLE] = {
		"interpreter-unusable", "the interpreter exists but cannot run inside the sandbox",
		"It is no executable Python, its prefix is not readable by you, or what it needs is not shown\n"
		"to it. Run it once outside (`PYTHON -c pass`), then ask `pyconfine explain` which parts of\n"
		"it are shown.\n" },
	[CODE_FOOTPRINT] = {
		"footprint", "the interpreter did not say which files it needs",
		"pyconfine asks each interpreter once, in a bare sandbox, where its library lies, and\n"
		"remembers the answer in your cache directory. That run failed. `PYTHON -I -c 'import sys,\n"
		"sysconfig'` must succeed outside.\n" },
	[CODE_REPORT_REFUSED] = {
		"report-refused", "the report of the run cannot be written there",
		"A report is of use only when nobody else can have written it. So it is refused, before anything\n"
		"starts, where the script may write, by whatever path; in a directory that everybody may\n"
		"write without the sticky bit; over anything but a regular file; and into the script's own\n"
		"stdin, stdout or stderr, where it could print a report itself.\n\n"
		"  wrong:  pyconfine --write out --report out/report.json job.py\n"
		"  right:  pyconfine --write out --report report.json job.py\n"
		"  right:  pyconfine --write out --report fd:3 job.py 3>report.json\n" },
	[CODE_PATCH] = {
		"patch", "a profile cannot be changed that way",
		"Where pyconfine changes a profile's text it reads it again: what comes out must be the\n"
		"profile that was there, with exactly the changes that were asked for. Where that is not so,\n"
		"nothing is written: a name that no profile can hold (a line break, a literal ${), a profile\n"
		"that changed meanwhile, is locked, or is not yours; or a word that also takes away what an\n"
		"extended profile grants, such as `exec: none`. Change the profile by hand then.\n" },
	[CODE_SETUP_FAILED] = {
		"setup-failed", "the sandbox could not be built",
		"A step that the plan holds failed, so the script was not started and nothing is left behind.\n"
		"The message names the step and the kernel's answer; `pyconfine doctor` tries each step on\n"
		"its own.\n" },
	[CODE_INTERNAL] = {
		"internal", "pyconfine contradicts itself",
		"This is a fault of pyconfine and not yours. The script was not started. Please report it\n"
		"with the message, the output of `pyconfine doctor --json` and the profile.\n" },
};
/* clang-format on */

enum message_code message_code_find(const char *name)
{
	for (int code = CODE_NONE + 1; code < CODE_COUNT; code++) {
		if (message_codes[code].name && strcmp(message_codes[code].name, name) == 0)
			return (enum message_code)code;
	}
	return CODE_NONE;
}
