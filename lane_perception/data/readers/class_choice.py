# Copyright 2026 The lane_perception developers
# SPDX-License-Identifier: Apache-2.0
"""Choose which classes of a label file are markings, and say which were."""

from __future__ import annotations

from collections import Counter
from typing import Iterable
from typing import Sequence

from lane_perception.data.samples import Shape
from lane_perception.errors import UserError

NOT_JUDGED_NAMES = ('ignore', 'ignored', 'not_judged', 'not judged', 'unsure', 'doubtful',
                    'dont_care', "don't care")


def is_judged(name: str) -> bool:
    """Tell whether a class is judged; one called "ignore" (or the like) never is a marking."""
    return name.lower() not in NOT_JUDGED_NAMES


def parse_classes(texts: Iterable[str]) -> tuple[str, ...]:
    """Return the classes in texts, each of one or of several parted by commas."""
    return tuple(name for text in texts for one in text.split(',') if (name := one.strip()))


class ClassChoice:
    """The classes that are markings, and how many shapes of each class a data set has."""

    def __init__(self, classes: Sequence[str] = ()) -> None:
        """Name the classes that are markings; none: all."""
        self.classes = tuple(classes)
        self.seen: Counter[str] = Counter()    # entries of label files, by class
        self.drawn: Counter[str] = Counter()   # shapes of those that are not left out

    def leaves_out(self, name: str) -> bool:
        """Tell whether an entry of a class is left out; it is counted as seen."""
        self.seen[name or 'unnamed'] += 1
        return self._others(name)

    def _others(self, name: str) -> bool:
        return bool(self.classes) and name not in self.classes and is_judged(name)

    def count(self, shapes: Iterable[Shape]) -> None:
        """Count shapes that are drawn."""
        self.drawn.update(shape.name or 'unnamed' for shape in shapes)

    def check(self) -> None:
        """
        Refuse a class that no label has.

        :raises UserError: with the names of the classes that there are.
        """
        for name in self.classes:
            if name not in self.seen:
                raise UserError(f'no label has the class "{name}"; there are: '
                                f'{_listed(self.seen) or "none"}')

    def describe(self) -> str:
        """Say which classes counted as what, with their numbers of shapes."""
        kinds: dict[str, dict[str, int]] = {'markings': {}, 'not judged': {}, 'left out': {}}
        for name, count in self.drawn.items():
            kinds['markings' if is_judged(name) else 'not judged'][name] = count
        kinds['left out'] = {name: n for name, n in self.seen.items() if self._others(name)}
        return '; '.join(f'{what}: {_listed(counts) or "none"}' for what, counts in kinds.items()
                         if counts or what == 'markings')


def _listed(counts: dict[str, int]) -> str:
    return ', '.join(f'{name} {count}' for name, count in sorted(counts.items()))
