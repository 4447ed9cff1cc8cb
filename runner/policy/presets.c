#include "policy/presets.h"

#include <string.h>

/* Debian's and Ubuntu's places first, then Fedora's, Arch's and Alpine's: a path that is not there costs one system
 * call. */

static const char *const python_paths[] = {
	"/etc/python3",
	"/usr/share/python3",
	"/usr/share/python-wheels", /* what ensurepip and venv install from */
	"/etc/matplotlibrc",
	"/usr/share/matplotlib",
	"/usr/share/python-babel-localedata",
	"/usr/share/fonts", /* Pillow, matplotlib, reportlab */
	"/etc/fonts",
	"/usr/share/fontconfig",
	"/usr/lib/terminfo", /* curses */
	"/usr/share/terminfo",
	"/etc/terminfo",
	NULL,
};

static const char *const tls_paths[] = {
	"/etc/ssl/certs", /* links into both directories of certificates */
	"/etc/ssl/openssl.cnf",
	"/etc/ssl/cert.pem", /* Alpine */
	"/usr/lib/ssl",      /* OpenSSL's own directory on Debian: links into /etc/ssl */
	"/usr/share/ca-certificates",
	"/usr/local/share/ca-certificates",
	"/etc/ca-certificates", /* Arch */
	"/etc/pki/tls/certs",   /* Fedora; /etc/pki/tls/private stays out */
	"/etc/pki/tls/cert.pem",
	"/etc/pki/tls/openssl.cnf",
	"/etc/pki/ca-trust/extracted",
	"/etc/crypto-policies", /* Fedora's openssl.cnf includes files of it */
	"/usr/share/crypto-policies",
	NULL,
};

static const char *const tz_paths[] = { "/usr/share/zoneinfo", "/etc/localtime", "/etc/timezone", NULL };

static const char *const locale_paths[] = {
	"/usr/lib/locale",
	"/usr/share/locale",
	"/etc/locale.alias", /* a link in /usr/share/locale leads to it */
	NULL,
};

static const char *const dns_paths[] = {
	"/etc/resolv.conf", /* often a link into /run */
	"/etc/hosts",
	"/etc/host.conf",
	"/etc/gai.conf",
	"/etc/nsswitch.conf",
	"/etc/services",
	"/etc/protocols",
	NULL,
};

static const char *const users_paths[] = { "/etc/passwd", "/etc/group", "/etc/nsswitch.conf", NULL };

static const char *const mime_paths[] = { "/etc/mime.types",           "/usr/share/mime", "/etc/apache2/mime.types",
	                                  "/usr/share/misc/magic.mgc", "/usr/share/file", NULL };

static const char *const no_paths[] = { NULL };

const struct preset presets[] = {
	{ "python", "configuration, data and fonts that Python packages read", python_paths, false },
	{ "tls", "certificates and OpenSSL's configuration, no private keys", tls_paths, false },
	{ "tz", "time zones", tz_paths, false },
	{ "locale", "locales and character sets", locale_paths, false },
	{ "dns", "how this machine resolves names", dns_paths, false },
	{ "users", "names of users and groups", users_paths, false },
	{ "mime", "file types", mime_paths, false },
	{ "project", "the script's project: the nearest directory above it with a project file", no_paths, true },
	{ NULL, NULL, NULL, false },
};

const struct preset *preset_find(const char *name)
{
	for (const struct preset *preset = presets; preset->name; preset++)
		if (strcmp(preset->name, name) == 0)
			return preset;
	return NULL;
}

/* Debian keeps numpy's BLAS and LAPACK behind /etc/alternatives. */
const char *const interpreter_system_paths[] = { "/etc/ld.so.cache", "/etc/alternatives", NULL };

const char *const project_markers[] = { "pyproject.toml", "setup.py", "setup.cfg", ".git", ".hg", "Pipfile", NULL };
