#include "policy/content_types.h"

#include <string.h>
#include <strings.h>

#include "base/text.h"

#define AT(place, string) \
	{ \
		.offset = (place), .length = sizeof(string) - 1, .bytes = (string) \
	}
#define ZIP \
	{ \
		{ AT(0, "PK\3\4") }, \
		{ \
			AT(0, "PK\5\6") \
		} \
	}

/* clang-format off */
/* Beginnings from the formats' specifications and from file(1)'s magic. OpenDocument and EPUB put their type first, and
 * uncompressed, so that it can be told here (OpenDocument 1.2, part 3, 3.3). */
const struct content_type content_types[] = {
	{ ".png", "a PNG picture", CONTENT_BINARY, { { AT(0, "\x89PNG\r\n\x1a\n") } } },
	{ ".jpg", "a JPEG picture", CONTENT_BINARY, { { AT(0, "\xff\xd8\xff") } } },
	{ ".jpeg", "a JPEG picture", CONTENT_BINARY, { { AT(0, "\xff\xd8\xff") } } },
	{ ".gif", "a GIF picture", CONTENT_BINARY, { { AT(0, "GIF87a") }, { AT(0, "GIF89a") } } },
	{ ".webp", "a WebP picture", CONTENT_BINARY, { { AT(0, "RIFF"), AT(8, "WEBP") } } },
	{ ".avif", "an AVIF picture", CONTENT_BINARY, { { AT(4, "ftypavif") }, { AT(4, "ftypavis") } } },
	{ ".bmp", "a BMP picture", CONTENT_BINARY, { { AT(0, "BM") } } },
	{ ".ico", "an icon", CONTENT_BINARY, { { AT(0, "\0\0\1\0") } } },
	{ ".tif", "a TIFF picture", CONTENT_BINARY, { { AT(0, "II*\0") }, { AT(0, "MM\0*") } } },
	{ ".tiff", "a TIFF picture", CONTENT_BINARY, { { AT(0, "II*\0") }, { AT(0, "MM\0*") } } },
	{ ".pdf", "a PDF document", CONTENT_BINARY, { { AT(0, "%PDF-") } } },
	{ ".zip", "a ZIP archive", CONTENT_BINARY, ZIP },
	{ ".docx", "an Office document (ZIP)", CONTENT_BINARY, ZIP },
	{ ".xlsx", "an Office document (ZIP)", CONTENT_BINARY, ZIP },
	{ ".pptx", "an Office document (ZIP)", CONTENT_BINARY, ZIP },
	{ ".odt", "an OpenDocument text", CONTENT_BINARY,
	  { { AT(0, "PK\3\4"), AT(30, "mimetypeapplication/vnd.oasis.opendocument.text") } } },
	{ ".ods", "an OpenDocument spreadsheet", CONTENT_BINARY,
	  { { AT(0, "PK\3\4"), AT(30, "mimetypeapplication/vnd.oasis.opendocument.spreadsheet") } } },
	{ ".epub", "an EPUB book", CONTENT_BINARY, { { AT(0, "PK\3\4"), AT(30, "mimetypeapplication/epub+zip") } } },
	{ ".npz", "NumPy arrays (ZIP)", CONTENT_BINARY, ZIP },
	{ ".npy", "a NumPy array", CONTENT_BINARY, { { AT(0, "\x93NUMPY") } } },
	{ ".gz", "gzip data", CONTENT_BINARY, { { AT(0, "\x1f\x8b\x08") } } },
	{ ".tgz", "gzip data", CONTENT_BINARY, { { AT(0, "\x1f\x8b\x08") } } },
	{ ".bz2", "bzip2 data", CONTENT_BINARY, { { AT(0, "BZh") } } },
	{ ".xz", "XZ data", CONTENT_BINARY, { { AT(0, "\xfd""7zXZ\0") } } },
	{ ".zst", "Zstandard data", CONTENT_BINARY, { { AT(0, "\x28\xb5\x2f\xfd") } } },
	{ ".tar", "a tar archive", CONTENT_BINARY, { { AT(257, "ustar") } } },
	{ ".parquet", "a Parquet table", CONTENT_BINARY, { { AT(0, "PAR1") } } },
	{ ".sqlite", "an SQLite database", CONTENT_BINARY, { { AT(0, "SQLite format 3\0") } } },
	{ ".h5", "an HDF5 file", CONTENT_BINARY, { { AT(0, "\x89HDF\r\n\x1a\n") } } },
	{ ".wav", "a WAV recording", CONTENT_BINARY, { { AT(0, "RIFF"), AT(8, "WAVE") } } },
	{ ".flac", "a FLAC recording", CONTENT_BINARY, { { AT(0, "fLaC") } } },
	{ ".ogg", "an Ogg stream", CONTENT_BINARY, { { AT(0, "OggS") } } },
	{ ".mp3", "an MP3 recording", CONTENT_BINARY,
	  { { AT(0, "ID3") }, { AT(0, "\xff\xfb") }, { AT(0, "\xff\xf3") }, { AT(0, "\xff\xf2") } } },
	{ ".mp4", "an MP4 video", CONTENT_BINARY, { { AT(4, "ftyp") } } },
	{ ".webm", "a WebM video", CONTENT_BINARY, { { AT(0, "\x1a\x45\xdf\xa3") } } },
	{ ".txt", "UTF-8 text", CONTENT_TEXT, { { { 0 } } } },
	{ ".log", "UTF-8 text", CONTENT_TEXT, { { { 0 } } } },
	{ ".md", "UTF-8 text", CONTENT_TEXT, { { { 0 } } } },
	{ ".rst", "UTF-8 text", CONTENT_TEXT, { { { 0 } } } },
	{ ".csv", "UTF-8 text", CONTENT_TEXT, { { { 0 } } } },
	{ ".tsv", "UTF-8 text", CONTENT_TEXT, { { { 0 } } } },
	{ ".yaml", "UTF-8 text", CONTENT_TEXT, { { { 0 } } } },
	{ ".yml", "UTF-8 text", CONTENT_TEXT, { { { 0 } } } },
	{ ".toml", "UTF-8 text", CONTENT_TEXT, { { { 0 } } } },
	{ ".json", "JSON", CONTENT_JSON, { { { 0 } } } },
	{ ".jsonl", "JSON", CONTENT_JSON, { { { 0 } } } },
	{ ".geojson", "JSON", CONTENT_JSON, { { { 0 } } } },
	{ ".ipynb", "JSON", CONTENT_JSON, { { { 0 } } } },
	{ ".xml", "XML", CONTENT_MARKUP, { { { 0 } } } },
	{ ".svg", "an SVG picture", CONTENT_MARKUP, { { { 0 } } } },
	{ ".html", "HTML", CONTENT_MARKUP, { { { 0 } } } },
	{ .suffix = NULL },
};
/* clang-format on */

const struct content_type *content_type_find(const char *name)
{
	const struct content_type *best = NULL;
	size_t length = strlen(name);

	for (const struct content_type *type = content_types; type->suffix; type++) {
		size_t own = strlen(type->suffix);

		if (own <= length && strcasecmp(name + length - own, type->suffix) == 0 &&
		    (!best || own > strlen(best->suffix)))
			best = type;
	}
	return best;
}

void content_check_begin(struct content_check *check, const struct content_type *type)
{
	*check = (struct content_check){ .type = type };
}

static bool is_plain(unsigned char byte)
{
	return (byte >= ' ' && byte != 0x7f) || byte == '\t' || byte == '\n' || byte == '\r' || byte == '\f';
}

/* U+0080 to U+009F, which some terminals obey as well. */
static bool is_late_control(const char *character, size_t length)
{
	return length == 2 && (unsigned char)character[0] == 0xc2 && (unsigned char)character[1] < 0xa0;
}

static bool is_blank(unsigned char byte)
{
	return byte == ' ' || byte == '\t' || byte == '\n' || byte == '\r';
}

/* How many bytes the character that begins so has; 1 also where none begins so. */
static size_t wanted_length(unsigned char first)
{
	return first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : first >= 0xc0 ? 2 : 1;
}

/* One character, whole; a byte order mark at the beginning is none. */
static void look_at(struct content_check *check, const char *character, size_t length, bool at_start)
{
	const unsigned char first = (unsigned char)character[0];

	if (utf8_length(character, length) != length || !is_plain(first) || is_late_control(character, length))
		check->wrong = true;
	if (!check->first && !is_blank(first) &&
	    !(at_start && length == 3 && memcmp(character, "\xef\xbb\xbf", 3) == 0))
		check->first = first;
}

static void add_text(struct content_check *check, const unsigned char *data, size_t length)
{
	for (size_t i = 0; i < length && !check->wrong; i++) {
		check->partial[check->partial_length++] = data[i];
		if (check->partial_length < wanted_length(check->partial[0]))
			continue;
		look_at(check, (const char *)check->partial, check->partial_length,
		        check->seen + i + 1 == check->partial_length);
		check->partial_length = 0;
	}
}

void content_check_add(struct content_check *check, const void *data, size_t length)
{
	if (check->type->kind != CONTENT_BINARY)
		add_text(check, data, length);
	if (check->seen < CONTENT_HEAD_MAX) {
		size_t room = CONTENT_HEAD_MAX - (size_t)check->seen;

		memcpy(check->head + check->seen, data, length < room ? length : room);
	}
	check->seen += length;
}

static bool has_bytes(const struct content_check *check, const struct content_bytes *wanted)
{
	size_t end = (size_t)wanted->offset + wanted->length;

	return check->seen >= end && memcmp(check->head + wanted->offset, wanted->bytes, wanted->length) == 0;
}

static bool begins_rightly(const struct content_check *check)
{
	for (size_t i = 0; i < CONTENT_ALTERNATIVES_MAX; i++) {
		const struct content_bytes *pair = check->type->alternatives[i];

		if (pair[0].length && has_bytes(check, &pair[0]) && (!pair[1].length || has_bytes(check, &pair[1])))
			return true;
	}
	return false;
}

bool content_check_end(const struct content_check *check)
{
	if (check->type->kind == CONTENT_BINARY)
		return begins_rightly(check);
	if (check->wrong || check->partial_length)
		return false;
	if (check->type->kind == CONTENT_JSON)
		return check->first && strchr("{[\"-0123456789tfn", check->first);
	return check->type->kind != CONTENT_MARKUP || check->first == '<';
}
