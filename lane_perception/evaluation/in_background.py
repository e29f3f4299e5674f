# Copyright 2026 The lane_perception developers
# SPDX-License-Identifier: Apache-2.0
"""Run one stage of a chain of iterators in a thread of its own."""

from __future__ import annotations

import queue
import threading
from typing import Any
from typing import Generator
from typing import Iterable
from typing import Iterator
from typing import TypeVar

Item = TypeVar('Item')
_END = object()


def in_background(items: Iterable[Item], waiting: int = 4) -> Iterator[Item]:
    """
    Yield what an iterable yields, which runs ahead in a thread.

    :param waiting: how many items may wait; the thread stops there, so memory stays bounded.
    :raises Exception: what the iterable raised, at the place where it did.
    """
    ready: queue.Queue[tuple[Any, BaseException | None]] = queue.Queue(waiting)
    given_up = threading.Event()

    def put(entry: tuple[Any, BaseException | None]) -> bool:
        while not given_up.is_set():
            try:
                ready.put(entry, timeout=0.1)
                return True
            except queue.Full:
                continue
        return False

    def work() -> None:
        try:
            for item in items:
                if not put((item, None)):
                    return
            put((_END, None))
        except BaseException as error:
            put((_END, error))
        finally:
            if isinstance(items, Generator):
                items.close()   # what it runs ahead of ends, too
    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    try:
        while True:
            item, error = ready.get()
            if error is not None:
                raise error
            if item is _END:
                return
            yield item
    finally:
        given_up.set()
        thread.join()
