"""For snippets of the documentation that read a stream: one that ends when a frame was read."""

import threading
import time
from typing import Any

import geyser

LIMIT = 60  # seconds until it ends in any case


def feed(name: str, manager: "geyser.Manager | None" = None, **options: Any) -> None:
    """Publishes a frame of 64 x 32 under that name."""
    publisher = geyser.publish(name, 64, 32, manager=manager, **options)
    publisher.send(bytes(64 * 32 * 4))
    threading.Thread(target=end, args=(publisher,)).start()


def end(publisher: geyser.Publisher) -> None:
    """When somebody has acquired it: from then on there is a latency."""
    deadline = time.monotonic() + LIMIT
    while time.monotonic() < deadline:
        found = [one for one in geyser.list_streams() if one.name == publisher.name]
        if found and found[0].latency_p50_ns:
            break
        time.sleep(0.01)
    publisher.close()
