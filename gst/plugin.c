/* SPDX-License-Identifier: MIT */
#include "elements.h"

GST_DEBUG_CATEGORY(gst_geyser_debug);

#define PACKAGE "geyser"

static gboolean init(GstPlugin *plugin)
{
	GST_DEBUG_CATEGORY_INIT(gst_geyser_debug, "geyser", 0, "streams of geyser");
	return gst_element_register(
		       plugin, "geysersink", GST_RANK_NONE, gst_geyser_sink_get_type()) &&
	       gst_element_register(
		       plugin, "geysersrc", GST_RANK_NONE, gst_geyser_src_get_type()) &&
	       gst_device_provider_register(plugin, "geyserdeviceprovider", GST_RANK_PRIMARY,
		       gst_geyser_device_provider_get_type());
}

GST_PLUGIN_DEFINE(GST_VERSION_MAJOR, GST_VERSION_MINOR, geyser,
	"Shares video between programs as streams of geyser, without copying", init,
	GEYSER_PLUGIN_VERSION, "MIT/X11", "geyser", "Unknown package origin")
