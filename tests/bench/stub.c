/* Stands in for Python where only the launch is to be measured: ends at once. It answers the question that pyconfine
 * asks an interpreter once (`-c CODE`) with what the file "answer" beside it says: a real Python's answer, so that the
 * view is the same as for that Python. Static, since a dynamic loader would be noise as well. */
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static int give_answer(const char *self)
{
	const char *slash = strrchr(self, '/');
	char path[PATH_MAX], buffer[65536];
	ssize_t got;
	int fd;

	snprintf(path, sizeof(path), "%.*s/answer", slash ? (int)(slash - self) : 1, slash ? self : ".");
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return 1;
	while ((got = read(fd, buffer, sizeof(buffer))) > 0)
		if (write(STDOUT_FILENO, buffer, (size_t)got) != got)
			return 1;
	return got < 0;
}

int main(int argc, char **argv)
{
	for (int i = 1; i < argc; i++)
		if (strcmp(argv[i], "-c") == 0)
			return give_answer(argv[0]);
	return 0;
}
