/* SPDX-License-Identifier: MIT */
#include "yuv_reference.h"

#include <assert.h>
#include <math.h>
#include <string.h>

/* Where a component's sample is: plane, its step and offset in samples, and the columns and rows of
 * texels that share a chroma sample. */
struct layout {
	enum geyser_format format;
	unsigned int plane[3], offset[3], step[3];
	unsigned int columns, rows, bits;
};

/* clang-format off */
static const struct layout layouts[] = {
	{GEYSER_FORMAT_NV12, {0, 1, 1}, {0, 0, 1}, {1, 2, 2}, 2, 2, 8},
	{GEYSER_FORMAT_NV16, {0, 1, 1}, {0, 0, 1}, {1, 2, 2}, 2, 1, 8},
	{GEYSER_FORMAT_P010, {0, 1, 1}, {0, 0, 1}, {1, 2, 2}, 2, 2, 10},
	{GEYSER_FORMAT_I420, {0, 1, 2}, {0, 0, 0}, {1, 1, 1}, 2, 2, 8},
	{GEYSER_FORMAT_YUY2, {0, 0, 0}, {0, 1, 3}, {2, 4, 4}, 2, 1, 8},
	{GEYSER_FORMAT_UYVY, {0, 0, 0}, {1, 0, 2}, {2, 4, 4}, 2, 1, 8},
	{GEYSER_FORMAT_I422, {0, 1, 2}, {0, 0, 0}, {1, 1, 1}, 2, 1, 8},
	{GEYSER_FORMAT_I444, {0, 1, 2}, {0, 0, 0}, {1, 1, 1}, 1, 1, 8},
	{GEYSER_FORMAT_P016, {0, 1, 1}, {0, 0, 1}, {1, 2, 2}, 2, 2, 16},
	{GEYSER_FORMAT_P210, {0, 1, 1}, {0, 0, 1}, {1, 2, 2}, 2, 1, 10},
	{GEYSER_FORMAT_P216, {0, 1, 1}, {0, 0, 1}, {1, 2, 2}, 2, 1, 16},
	{GEYSER_FORMAT_P410, {0, 1, 1}, {0, 0, 1}, {1, 2, 2}, 1, 1, 10},
	{GEYSER_FORMAT_P416, {0, 1, 1}, {0, 0, 1}, {1, 2, 2}, 1, 1, 16},
};
/* clang-format on */

static const struct layout *layout_of(enum geyser_format format)
{
	for (size_t i = 0; i < sizeof(layouts) / sizeof(layouts[0]); i++)
		if (layouts[i].format == format)
			return &layouts[i];
	assert(0); /* each format of video has a row */
	return NULL;
}

unsigned int yuv_reference_bits(enum geyser_format format)
{
	return layout_of(format)->bits;
}

static uint32_t divided(uint32_t size, unsigned int by)
{
	return (size + by - 1) / by;
}

uint32_t yuv_reference_columns(const struct geyser_pixels *pixels, unsigned int component)
{
	return divided(pixels->width, component ? layout_of(pixels->format)->columns : 1);
}

uint32_t yuv_reference_rows(const struct geyser_pixels *pixels, unsigned int component)
{
	return divided(pixels->height, component ? layout_of(pixels->format)->rows : 1);
}

unsigned int yuv_reference_sample(
	const struct geyser_pixels *pixels, unsigned int component, uint32_t x, uint32_t y)
{
	const struct layout *const layout = layout_of(pixels->format);
	const unsigned int plane = layout->plane[component];
	const uint8_t *const row =
		(const uint8_t *)pixels->planes[plane].data + y * pixels->planes[plane].row_pitch;
	const size_t at = layout->offset[component] + (size_t)x * layout->step[component];

	if (layout->bits == 8)
		return row[at];
	return (row[2 * at] | (unsigned int)row[2 * at + 1] << 8) >> (16 - layout->bits);
}

/* Normalised luma is 0 to 1, and chroma -0.5 to 0.5. */
static void range_of(
	unsigned int bits, bool limited, unsigned int component, double *size, double *zero)
{
	const double unit = exp2(bits - 8.0);

	*zero = component ? 128 * unit : limited ? 16 * unit : 0;
	*size = !limited ? exp2(bits) - 1 : component ? 224 * unit : 219 * unit;
}

static double clamp(double value, double low, double high)
{
	return value < low ? low : value > high ? high : value;
}

/* Returns a normalised sample; outside of the picture, that of its edge. */
static double normal_at(
	const struct yuv_picture *picture, unsigned int component, double x, double y)
{
	const struct geyser_pixels *const pixels = picture->pixels;
	const uint32_t column =
		(uint32_t)clamp(x, 0, yuv_reference_columns(pixels, component) - 1.0);
	const uint32_t row = (uint32_t)clamp(y, 0, yuv_reference_rows(pixels, component) - 1.0);
	double size, zero;

	range_of(layout_of(pixels->format)->bits, picture->limited, component, &size, &zero);
	return (yuv_reference_sample(pixels, component, column, row) - zero) / size;
}

static double interpolate(
	const struct yuv_picture *picture, unsigned int component, double x, double y)
{
	const double left = floor(x), top = floor(y), across = x - left, down = y - top;
	const double above = normal_at(picture, component, left, top) * (1 - across) +
			     normal_at(picture, component, left + 1, top) * across;
	const double below = normal_at(picture, component, left, top + 1) * (1 - across) +
			     normal_at(picture, component, left + 1, top + 1) * across;

	return above * (1 - down) + below * down;
}

double yuv_reference_normal(
	const struct yuv_picture *picture, unsigned int component, uint32_t x, uint32_t y)
{
	const struct layout *const layout = layout_of(picture->pixels->format);

	if (component == 0)
		return normal_at(picture, component, x, y);
	return interpolate(picture, component, layout->columns == 2 ? (x - picture->across) / 2 : x,
		layout->rows == 2 ? (y - picture->down) / 2 : y);
}

static void weights_of(unsigned int matrix, double *red, double *blue)
{
	*red = matrix == 1 ? 0.2126 : matrix == 9 ? 0.2627 : 0.299;
	*blue = matrix == 1 ? 0.0722 : matrix == 9 ? 0.0593 : 0.114;
}

void yuv_reference_colours(unsigned int matrix, const double yuv[3], double rgb[3])
{
	double red, blue;

	weights_of(matrix, &red, &blue);
	rgb[0] = yuv[0] + 2 * (1 - red) * yuv[2];
	rgb[2] = yuv[0] + 2 * (1 - blue) * yuv[1];
	rgb[1] = (yuv[0] - red * rgb[0] - blue * rgb[2]) / (1 - red - blue);
}

void yuv_reference_video(unsigned int matrix, const double rgb[3], double yuv[3])
{
	double red, blue;

	weights_of(matrix, &red, &blue);
	yuv[0] = red * rgb[0] + (1 - red - blue) * rgb[1] + blue * rgb[2];
	yuv[1] = (rgb[2] - yuv[0]) / 2 / (1 - blue);
	yuv[2] = (rgb[0] - yuv[0]) / 2 / (1 - red);
}

double yuv_reference_store(const struct yuv_picture *picture, unsigned int component, double value)
{
	const unsigned int bits = layout_of(picture->pixels->format)->bits;
	double size, zero;

	range_of(bits, picture->limited, component, &size, &zero);
	return clamp(value * size + zero, 0, exp2(bits) - 1);
}

/* Returns the weight of a column or row of a pair, counted from the first, in a sample that lies
 * there: a triangle that reaches the neighbours. Between the two, both count alike. */
static double weight_of(int index, double place)
{
	const double distance = fabs(index - place);

	return place == 0.5 ? (distance < 1 ? 0.5 : 0) : distance < 2 ? (2 - distance) / 4 : 0;
}

double yuv_reference_shared(enum geyser_format from, const struct yuv_picture *to,
	yuv_reference_at *at, const void *source, unsigned int component, uint32_t x, uint32_t y)
{
	const struct layout *const in = from ? layout_of(from) : NULL;
	const struct layout *const out = layout_of(to->pixels->format);
	/* A source that has as few columns or rows is taken as it is. */
	const bool columns = component && out->columns > (in ? in->columns : 1);
	const bool rows = component && out->rows > (in ? in->rows : 1);
	double sum = 0;

	for (int i = columns ? -1 : 0; i <= (columns ? 2 : 0); i++)
		for (int j = rows ? -1 : 0; j <= (rows ? 2 : 0); j++)
			sum += (columns ? weight_of(i, to->across) : 1) *
			       (rows ? weight_of(j, to->down) : 1) *
			       at(source, component, (columns ? 2 : 1) * (double)x + i,
				       (rows ? 2 : 1) * (double)y + j);
	return sum;
}

/* Chroma of the source, at a place among the columns and rows of the destination's layout before
 * these become fewer. */
double yuv_reference_between(const struct yuv_picture *picture, enum geyser_format to,
	unsigned int component, double x, double y)
{
	const struct layout *const in = layout_of(picture->pixels->format);
	const struct layout *const out = layout_of(to);

	if (component && in->columns > out->columns)
		x = (x - picture->across) / 2;
	if (component && in->rows > out->rows)
		y = (y - picture->down) / 2;
	return interpolate(picture, component, x, y);
}
