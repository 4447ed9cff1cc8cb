#include "supervise/denials.h"

#include <string.h>

void denial_set_target(struct denial *denial, const char *target)
{
	size_t length = strnlen(target, sizeof(denial->target));

	denial->cut = length == sizeof(denial->target);
	length -= denial->cut;
	memcpy(denial->target, target, length);
	denial->target[length] = '\0';
}

static bool is_same(const struct denial *a, const struct denial *b)
{
	return a->sys_errno == b->sys_errno && a->inferred == b->inferred && strcmp(a->code, b->code) == 0 &&
	       strcmp(a->target, b->target) == 0;
}

void denials_add(struct denials *list, const struct denial *denial)
{
	size_t i = 0;

	while (i < list->count && !is_same(&list->items[i], denial))
		i++;
	if (i == DENIALS_MAX) {
		list->more++;
		return;
	}
	if (i == list->count) {
		list->items[list->count++] = *denial;
		list->items[i].count = 0;
	}
	list->items[i].count++;
}
