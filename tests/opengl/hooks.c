/* Functions that stand between geyser and GL. */
#include "hooks.h"

struct hooks hooks;

static GLenum pending;

static void after(const char *call)
{
	if (!hooks.error_after || strcmp(hooks.error_after, call) != 0)
		return;
	if (hooks.error_skips > 0)
		hooks.error_skips--;
	else
		pending = hooks.error;
}

static GLenum GL_APIENTRY get_error(void)
{
	const GLenum error = hooks.lost ? GL_CONTEXT_LOST : pending ? pending : gl.GetError();

	pending = GL_NO_ERROR;
	return error;
}

static const GLubyte *GL_APIENTRY get_stringi(GLenum name, GLuint index)
{
	PFNGLGETSTRINGIPROC real = (PFNGLGETSTRINGIPROC)eglGetProcAddress("glGetStringi");
	const GLubyte *const text = real(name, index);

	if (hooks.no_extension && text && strcmp((const char *)text, hooks.no_extension) == 0)
		return (const GLubyte *)"GL_TEST_hidden";
	return text;
}

static const GLubyte *GL_APIENTRY get_string(GLenum name)
{
	return name == GL_RENDERER && hooks.renderer ? (const GLubyte *)hooks.renderer
						     : gl.GetString(name);
}

static void GL_APIENTRY get_integerv(GLenum name, GLint *out)
{
	gl.GetIntegerv(name, out);
	if (name == GL_MAJOR_VERSION && hooks.major)
		*out = hooks.major;
}

static void GL_APIENTRY get_uuid_of(GLenum name, GLuint index, GLubyte *out)
{
	PFNGLGETUNSIGNEDBYTEI_VEXTPROC real =
		(PFNGLGETUNSIGNEDBYTEI_VEXTPROC)eglGetProcAddress("glGetUnsignedBytei_vEXT");

	real(name, index, out);
	if (name == GL_DEVICE_UUID_EXT && hooks.device)
		memcpy(out, hooks.device, 16);
}

static void GL_APIENTRY get_uuid(GLenum name, GLubyte *out)
{
	PFNGLGETUNSIGNEDBYTEVEXTPROC real =
		(PFNGLGETUNSIGNEDBYTEVEXTPROC)eglGetProcAddress("glGetUnsignedBytevEXT");

	real(name, out);
	if (name == GL_DRIVER_UUID_EXT && hooks.driver)
		memcpy(out, hooks.driver, 16);
}

/* If the call must fail, it does nothing, as GL does in case of an error. */
static void GL_APIENTRY tex_storage(GLenum target, GLsizei levels, GLenum format, GLsizei width,
	GLsizei height, GLuint memory, GLuint64 offset)
{
	PFNGLTEXSTORAGEMEM2DEXTPROC real =
		(PFNGLTEXSTORAGEMEM2DEXTPROC)eglGetProcAddress("glTexStorageMem2DEXT");

	after("glTexStorageMem2DEXT");
	if (hooks.storage_count < COUNT_OF(hooks.storages))
		hooks.storages[hooks.storage_count++] =
			(struct hooked_storage){format, width, height, memory, offset};
	if (!pending)
		real(target, levels, format, width, height, memory, offset);
}

static void GL_APIENTRY import_memory(GLuint memory, GLuint64 size, GLenum type, GLint fd)
{
	PFNGLIMPORTMEMORYFDEXTPROC real =
		(PFNGLIMPORTMEMORYFDEXTPROC)eglGetProcAddress("glImportMemoryFdEXT");

	after("glImportMemoryFdEXT");
	if (!pending)
		real(memory, size, type, fd);
}

static void GL_APIENTRY tex_image(GLenum target, GLint level, GLint internal_format, GLsizei width,
	GLsizei height, GLint border, GLenum format, GLenum type, const void *data)
{
	after("glTexImage2D");
	if (!pending)
		gl.TexImage2D(
			target, level, internal_format, width, height, border, format, type, data);
}

#define HOOK(name, function)                          \
	{                                             \
		"gl" name, (void (*)(void))(function) \
	}

static const struct {
	const char *name;
	void (*function)(void);
} replaced[] = {
	HOOK("GetError", get_error),
	HOOK("GetString", get_string),
	HOOK("GetStringi", get_stringi),
	HOOK("GetIntegerv", get_integerv),
	HOOK("GetUnsignedBytei_vEXT", get_uuid_of),
	HOOK("GetUnsignedBytevEXT", get_uuid),
	HOOK("TexStorageMem2DEXT", tex_storage),
	HOOK("ImportMemoryFdEXT", import_memory),
	HOOK("TexImage2D", tex_image),
};

static void *get_proc_address(void *user, const char *name)
{
	void (*function)(void) = (void (*)(void))eglGetProcAddress(name);
	void *out;

	if (user != &hooks || (hooks.no_function && strcmp(name, hooks.no_function) == 0))
		return NULL;
	for (size_t i = 0; i < COUNT_OF(replaced); i++)
		if (function && strcmp(name, replaced[i].name) == 0)
			function = replaced[i].function;
	memcpy(&out, &function, sizeof(out));
	return out;
}

enum geyser_result make_hooked(struct geyser_gl **out)
{
	const struct geyser_gl_desc desc = {.get_proc_address = get_proc_address, .user = &hooks};

	return geyser_gl_create(&desc, out);
}
