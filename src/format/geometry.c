/* SPDX-License-Identifier: MIT */
#include "format/geometry.h"

#include "base/error.h"

static enum geyser_result check_numbers(const struct geyser_convert_options *options)
{
	if ((unsigned int)options->filter > GEYSER_FILTER_BOX)
		return gy_fail(GEYSER_ERROR_INVALID_ARGUMENT,
			"filter (%d): geyser's filters are 0 to %d", (int)options->filter,
			GEYSER_FILTER_BOX);
	if ((unsigned int)options->orientation > GEYSER_ORIENTATION_FLIPPED_270)
		return gy_fail(GEYSER_ERROR_INVALID_ARGUMENT,
			"orientation (%d): geyser's orientations are 0 to %d",
			(int)options->orientation, GEYSER_ORIENTATION_FLIPPED_270);
	return GEYSER_OK;
}

static enum geyser_result check_crop(const struct geyser_rect *crop, const uint32_t source[2])
{
	if (crop->height > 0 && crop->x <= source[0] && crop->width <= source[0] - crop->x &&
		crop->y <= source[1] && crop->height <= source[1] - crop->y)
		return GEYSER_OK;
	return gy_fail(GEYSER_ERROR_INVALID_ARGUMENT,
		"crop (%u × %u texels from %u, %u): it must be a part of the source, which has "
		"%u × %u",
		crop->width, crop->height, crop->x, crop->y, source[0], source[1]);
}

/* Places of samples are 64-bit fractions: textures are small enough. */
static enum geyser_result check_extents(const uint32_t source[2], const uint32_t destination[2])
{
	static const char *const names[] = {"width", "height"};

	for (unsigned int i = 0; i < 2; i++) {
		if (source[i] == 0 && destination[0] > 0 && destination[1] > 0)
			return gy_fail(GEYSER_ERROR_INVALID_ARGUMENT,
				"source %s (0): the destination's %u × %u texels need at least 1",
				names[i], destination[0], destination[1]);
		if (source[i] > GEYSER_MAX_DIMENSION || destination[i] > GEYSER_MAX_DIMENSION)
			return gy_fail(GEYSER_ERROR_INVALID_ARGUMENT,
				"%s %s (%u): at most %u where a picture is cropped, turned or "
				"scaled",
				source[i] > GEYSER_MAX_DIMENSION ? "source" : "destination",
				names[i],
				source[i] > GEYSER_MAX_DIMENSION ? source[i] : destination[i],
				GEYSER_MAX_DIMENSION);
	}
	return GEYSER_OK;
}

enum geyser_result gy_geometry_of(const struct geyser_convert_options *options,
	const uint32_t source[2], const uint32_t destination[2], struct gy_geometry *out)
{
	const struct geyser_convert_options none = {0};
	enum geyser_result result = check_numbers(options ? options : &none);

	if (!options)
		options = &none;
	if (result == GEYSER_OK && options->crop.width > 0)
		result = check_crop(&options->crop, source);
	if (result != GEYSER_OK)
		return result;
	*out = (struct gy_geometry){
		.crop = options->crop,
		.filter = options->filter,
		.orientation = options->orientation,
	};
	if (options->crop.width == 0)
		out->crop = (struct geyser_rect){0, 0, source[0], source[1]};
	out->upright_width = out->orientation & 1u ? out->crop.height : out->crop.width;
	out->upright_height = out->orientation & 1u ? out->crop.width : out->crop.height;
	out->same = out->orientation == GEYSER_ORIENTATION_NORMAL && out->crop.width == source[0] &&
		    out->crop.height == source[1] && destination[0] == source[0] &&
		    destination[1] == source[1];
	return out->same ? GEYSER_OK : check_extents(source, destination);
}
