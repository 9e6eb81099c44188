"""The folders of src/, the folders that each may use, and the functions that lower folders call
through pointers.
"""

IPC = {"ipc/" + folder for folder in ("wire", "registry", "surface", "loop", "exporter", "importer",
    "process", "lookup")}

# Folder in src/: the other folders whose files it may include and whose functions it may call.
LAYERS = {
    "base": set(),
    "format": {"base"},
    "platform": {"base"},
    "sync": {"base", "platform"},
    "backend": {"base", "format", "platform", "sync"},
    "ipc/wire": {"base", "format", "platform"},
    "ipc/registry": {"base", "platform"},
    "ipc/surface": {"base", "platform", "ipc/wire"},
    "ipc/loop": {"base", "platform"},
    "ipc/exporter": {"base", "platform", "ipc/wire", "ipc/registry", "ipc/surface", "ipc/loop"},
    "ipc/importer": {"base", "platform", "ipc/wire", "ipc/registry", "ipc/surface", "ipc/loop",
        "ipc/exporter"},
    "ipc/process": {"base", "platform", "ipc/loop", "ipc/exporter", "ipc/importer"},
    "ipc/lookup": {"base", "platform", "ipc/wire", "ipc/registry", "ipc/exporter", "ipc/importer",
        "ipc/process"},
    "ipc": IPC,  # ipc.h is the only header that other folders include
    "core": {"base", "format", "platform", "sync", "backend", "ipc"} | IPC,
    "stream": {"base", "format", "platform", "sync", "backend", "ipc", "core"} | IPC,
    # The public functions of native headers (vulkan.h). They may use all of the folders above.
    "api": {"base", "format", "platform", "sync", "backend", "ipc", "core", "stream"} | IPC,
    "interop": {"base"},
}

# These folders call public functions (geyser_...), as any program does.
USERS = {"interop"}


def layer_of(path):
    """Returns the deepest folder of the table that contains path (without "src/"), or None."""
    folder = path
    while "/" in folder:
        folder = folder.rsplit("/", 1)[0]
        if folder in LAYERS:
            return folder
    return None


# Header: the function pointers that it declares ("*": a table of many), and the reason. Each
# pointer is an arrow upward that neither an #include nor nm shows.
CALLBACKS = {
    "backend/backend.h": ("*", "core calls each backend through this table; on_lost tells core "
        "that the device is lost"),
    "backend/io_surface.h": ("synchronize", "the Metal backend, before a surface is locked"),
    "backend/loss.h": ("callback", "a backend keeps on_lost of backend/backend.h here"),
    "backend/vulkan.h": ("lock unlock", "the program's own functions, which guard its queue"),
    "backend/vulkan/vk.h": ("lock_queue unlock_queue", "kept from backend/vulkan.h"),
    "base/later.h": ("run", "the owner of an object frees it once no callback runs"),
    "base/system.h": ("run", "the first function of a thread"),
    "base/thread.h": ("run", "the first function of a thread"),
    "core/notifier.h": ("finished", "event.c frees an event whose last callback has ended"),
    "core/manager.h": ("lose begin end", "events and publishers end waits when their manager's device "
        "is lost; api/apple.m begins an activity with the first stream"),
    "core/object.h": ("destroy", "the program's own destructor"),
    "core/queue.h": ("goes", "returns before the call does: it chooses notifications"),
    "format/convert_step.h": ("run", "a stage of a conversion, a function of convert_rows.c or "
        "convert_moves.c"),
    "format/scale_rows.h": ("*", "scale.c calls the steps of scale_rows.c through this table"),
    "format/yuv_fixed_rows.h": ("*", "yuv_fixed.c calls the steps of yuv_texel_rows.c and "
        "yuv_sample_rows.c through these tables"),
    "format/yuv_rows.h": ("*", "yuv_convert.c calls the steps of yuv_rows.c through this table"),
    "interop/cuda/driver.h": ("*", "functions of libcuda, looked up at run time"),
    "interop/opengl/gl.h": ("finish free free_", "each kind of object frees what it keeps with a "
        "context"),
    "ipc/exporter/exports.h": ("describe", "core describes an object to those that import it"),
    "ipc/exporter/streams.h": ("*", "a publisher answers its subscribers"),
    "ipc/loop/chores.h": ("run", "a publisher frees the memory of its idle buffers, and a manager "
        "that of its pool"),
    "ipc/loop/loop.h": ("ready tick abandon", "the owner of a descriptor handles its events on "
        "geyser-ipc; exporter and importer work there now and then, and leave their parent's "
        "descriptors behind after fork"),
    "ipc/registry/links.h": ("read", "each kind of link reads its own file names"),
    "stream/frame.h": ("begin_signal", "a publisher's frame and a subscriber's signal different "
        "events"),
    "sync/follower.h": ("carry", "a backend raises its semaphore to each value of a timeline"),
}
