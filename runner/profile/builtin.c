/* The built-in profiles, as they stand in profiles/: compiled in byte for byte, so that the file that people read is
 * the one that counts. */
#include "profile/load.h"

/* The assembler looks for the file from where make runs. A NUL is put behind each text for the convenience of
 * readers. */
#define EMBED(name) \
	__asm__(".pushsection .rodata\n" \
	        ".globl builtin_" #name "_start\n" \
	        ".globl builtin_" #name "_end\n" \
	        "builtin_" #name "_start:\n" \
	        ".incbin \"profiles/" #name ".yaml\"\n" \
	        "builtin_" #name "_end:\n" \
	        ".byte 0\n" \
	        ".popsection\n"); \
	extern const char builtin_##name##_start[] __attribute__((visibility("hidden"))); \
	extern const char builtin_##name##_end[] __attribute__((visibility("hidden")))

EMBED(offline);
EMBED(untrusted);
EMBED(upload);
EMBED(worker);

const struct builtin_profile builtin_profiles[] = {
	{ "offline", "builtin:offline", builtin_offline_start, builtin_offline_end },
	{ "untrusted", "builtin:untrusted", builtin_untrusted_start, builtin_untrusted_end },
	{ "upload", "builtin:upload", builtin_upload_start, builtin_upload_end },
	{ "worker", "builtin:worker", builtin_worker_start, builtin_worker_end },
	{ NULL, NULL, NULL, NULL },
};
