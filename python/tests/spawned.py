"""For test_copies: a spawned process, which has no registry of its own, imports this module."""

import geyser


def use_handle(connection, handle):
    """Sends the texels of the texture that the handle names."""
    with geyser.Manager("host").import_texture(handle) as texture:
        mapping = texture.map_buffer()
        with mapping as data:  # rows in a device's memory may have padding
            rows = range(0, texture.height * mapping.row_pitch, mapping.row_pitch)
            connection.send(b"".join(bytes(data[at : at + texture.width]) for at in rows))
