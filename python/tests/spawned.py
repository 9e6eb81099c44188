"""For test_copies: imported by a process that was spawned, which has no registry of its own."""

import geyser


def use_handle(connection, handle):
    """Sends the texels of what it names."""
    with geyser.Manager("host").import_texture(handle) as texture:
        mapping = texture.map_buffer()
        with mapping as data:  # a device's rows may have padding
            rows = range(0, texture.height * mapping.row_pitch, mapping.row_pitch)
            connection.send(b"".join(bytes(data[at : at + texture.width]) for at in rows))
