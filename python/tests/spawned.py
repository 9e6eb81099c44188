"""For test_copies: imported by a process that was spawned, which has no registry of its own."""

import geyser


def use_handle(connection, handle):
    """Sends the texels of what it names."""
    with geyser.Manager("host").import_texture(handle) as texture:
        with texture.map_buffer() as data:
            connection.send(bytes(data))
