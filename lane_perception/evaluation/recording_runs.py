# Copyright 2026 The lane_perception developers
# SPDX-License-Identifier: Apache-2.0
"""
Replay many recordings: in parallel here or on a Dask cluster, going on where a run stopped.

Each recording leaves its own folder with its own report; one report over all of them is made from
those. A worker of another machine needs this package and sees the same folders.
"""

from __future__ import annotations

import hashlib
import json
import os
from dataclasses import asdict
from dataclasses import replace
from pathlib import Path
from typing import Any
from typing import Callable
from typing import Iterator
from uuid import uuid4

from lane_perception.data.image_files import find_images
from lane_perception.data.recording_places import STORAGE_SUFFIXES
from lane_perception.data.recording_places import holds_only_answers
from lane_perception.data.recording_places import remove_output
from lane_perception.data.recording_places import storage_suffix
from lane_perception.data.recordings import NOTHING_IN
from lane_perception.data.results_folder import remove_earlier
from lane_perception.data.results_folder import require_no_run
from lane_perception.errors import UserError
from lane_perception.evaluation.recordings_report import report_over_all
from lane_perception.evaluation.replay import ReplaySettings
from lane_perception.evaluation.replay import replay
from lane_perception.json_file import write_report
from lane_perception.machine import package_version
from lane_perception.model_file import member_names
from lane_perception.runtimes import find_file
from lane_perception.worker_pool import interrupts_left_to_this_process

VIDEO, BAG = 'overlay.mp4', 'bag'   # that a replay leaves beside its reports
TOTALS = 3   # counted up when the report over all needs more of a recording
LEFT_OUT = ('frames', 'stretches', 'machine', 'command')   # of a recording, in the report over all


def find_recordings(
    places: list[Path], out: Path | None = None, say: Callable[[str], None] = print,
) -> list[Path]:
    """
    Return the recordings at places: each one is a recording or a folder of recordings.

    :param out: a folder of results, which may lie in one of them: what is in it was written here.
    :param say: told in a sentence which recording was given more than once, and counts once, and
        which of a folder holds only what a lane_node published, and is left out.
    :raises UserError: when a place holds none, or lies in the folder of results, or all hold only
        what a lane_node published.
    """
    found: dict[Path, Path] = {}   # by the place where it lies, whatever path leads there
    for place in places:
        present = _recordings_in(place)
        if not present:
            raise UserError(_why_none(place))
        inside = [one for one in present
                  if one == place or out is None or out.resolve() not in one.resolve().parents]
        if not inside:
            raise UserError(f'the recordings at {place} lie in {out}, the folder for the results; '
                            'give another --out')
        for one in inside:
            if one != place and holds_only_answers(one):
                say(f'the recording {one} holds only what a lane_node published, and is left out')
                continue
            if found.setdefault(one.resolve(), one) is not one:
                say(f'the recording {one} was given more than once and counts once')
    if not found:
        raise UserError(f'there is no recording of a camera at {", ".join(map(str, places))}')
    return list(found.values())


def _why_none(place: Path) -> str:
    if not place.is_dir():
        return f'there is no recording at {place}'
    pictures = find_images(place)
    return NOTHING_IN.format(place) + (
        '; models are scored on pictures with labels by evaluate' if pictures else '')


def _recordings_in(place: Path) -> list[Path]:
    """Return the recordings at a place; the loose files of a folder are one of them."""
    if not place.is_dir() or (place / 'metadata.yaml').exists():
        return [place] if place.exists() else []
    inside = sorted(entry for entry in place.iterdir() if not entry.name.startswith('.'))
    loose = any(entry.is_file() and storage_suffix(entry) in STORAGE_SUFFIXES for entry in inside)
    below = [one for entry in inside if entry.is_dir() for one in _recordings_in(entry)]
    return [place, *below] if loose else below


def recording_names(bags: list[Path]) -> list[str]:
    """Return a name for each recording that no other has: its own, with a number if need be."""
    names: list[str] = []
    for bag in bags:
        own = (bag.stem if bag.is_file() else bag.name) or 'recording'
        name, number = own, 2
        while name in names:
            name, number = f'{own}_{number}', number + 1
        names.append(name)
    return names


def replay_into_folder(
    settings: ReplaySettings, progress: Callable[[int, int], None] = lambda done, total: None,
) -> dict[str, Any]:
    """
    Replay one recording, write its reports, and return report.json's content.

    :raises UserError: as :func:`lane_perception.evaluation.replay.replay`.
    """
    from lane_perception.evaluation.report_page import write_page
    fingerprint = _fingerprint(settings)
    report, exhibits = replay(settings, progress)
    _remove_stale(settings.out, settings.video, settings.output_bag)
    try:
        write_page(settings.out / 'report.html', report, exhibits)
    except UserError as error:
        remove_earlier(settings.out, ['report.html'])
        report['problems'].append(f'no report.html: {error}')
    report['fingerprint'] = fingerprint
    write_report(settings.out / 'report.json', report)
    return report


def replay_all(
    settings: ReplaySettings, bags: list[Path], scheduler: str | None = None, workers: int = 1,
    say: Callable[[str], None] = print,
) -> dict[str, Any]:
    """
    Replay several recordings and return the report over all of them.

    A recording that was done before, with the same settings and model and with files and labels
    that nobody has written to since, is not done again.
    One that fails is named in the report, and the rest goes on.

    :param settings: its bag is not used; its out holds a folder for each recording.
    :param scheduler: address of a Dask scheduler; None: a cluster of this machine.
    :param workers: processes here; 1 works without Dask.
    :param say: told about each recording in a sentence.
    """
    bags = [_from_anywhere(bag) for bag in bags]
    names = recording_names(bags)
    asked = _with_whole_paths(settings)
    tasks = {name: replace(asked, bag=bag, out=asked.out / name)
             for name, bag in zip(names, bags)}
    for task in tasks.values():
        require_no_run(task.out)
    entries: dict[str, dict[str, Any]] = {}
    for name, task in tasks.items():
        done = _done_before(task)
        if done is not None:
            entries[name] = _entry(done)
            say(f'{name}: done before')
    waiting = {name: task for name, task in tasks.items() if name not in entries}
    for name, entry in _run(waiting, scheduler, workers):
        entries[name] = entry
        say(f'{name}: {entry["error"]}' if 'error' in entry else
            f'{name}: {entry["data"]["images"]} frames, {entry["frames_per_second"]:.0f}/s '
            f'({len(entries)} of {len(names)} recordings)')
    report = report_over_all(settings, {name: entries[name] for name in names})
    _remove_stale(settings.out, VIDEO in tasks, BAG in tasks)
    write_report(settings.out / 'report.json', report)
    return report


def _remove_stale(out: Path, video: bool, bag: bool) -> None:
    """Remove an earlier replay's video or bag, unless this one's is there."""
    if not video:
        remove_earlier(out, [VIDEO])
    if not bag:
        remove_output(out / BAG)


def _with_whole_paths(settings: ReplaySettings) -> ReplaySettings:
    """Return the settings as a worker in another working directory has to be told them."""
    named = ('bag', 'out', 'labels', 'ground', 'camera_info')
    places = {name: _from_anywhere(place) for name in named
              if (place := getattr(settings, name)) is not None}
    members = [(name, str(_from_anywhere(Path(name).expanduser())))
               for name in member_names(settings.model)]
    # A comma parts the members of an ensemble, so a path with one cannot be told.
    model = ','.join(place if Path(place).exists() and ',' not in place else name
                     for name, place in members)
    return replace(settings, model=model, **places)


def _from_anywhere(place: Path) -> Path:
    """Return a path that holds in every working directory; a link keeps its own name."""
    if place.name in ('', '..'):
        return place.resolve()
    return place.parent.resolve() / place.name


def _run(
    tasks: dict[str, ReplaySettings], scheduler: str | None, workers: int,
) -> Iterator[tuple[str, dict[str, Any]]]:
    if not tasks:
        return
    if scheduler is None and workers == 1:
        for name, task in tasks.items():
            yield name, _attempt(task)
        return
    try:
        from distributed import Client
        from distributed import LocalCluster
        from distributed import as_completed
    except ModuleNotFoundError as error:
        raise UserError('several workers need Dask: pip install distributed (or --workers 1)'
                        ) from error
    if scheduler is not None:
        try:
            client = Client(scheduler, timeout='10s')
        except (OSError, TimeoutError, ValueError) as error:
            raise UserError(f'no Dask scheduler answers at {scheduler}: {error}') from error
        cluster = None
    else:
        with interrupts_left_to_this_process():
            cluster = LocalCluster(n_workers=min(workers, len(tasks)), threads_per_worker=1,
                                   processes=True, dashboard_address=None, silence_logs=50)
        client = Client(cluster)
    try:
        # A scheduler gives one answer to all clients that ask by one key.
        futures = {client.submit(_work, task, key=f'replay-{name}-{uuid4()}', pure=False): name
                   for name, task in tasks.items()}
        for future in as_completed(futures):
            name = futures[future]
            error = future.exception()
            yield name, future.result() if error is None else {
                'error': f'the worker failed: {error!r}'}
    finally:
        client.close()
        if cluster is not None:
            cluster.close()


def _work(settings: ReplaySettings) -> dict[str, Any]:
    """Replay one recording in a worker's process, beside others."""
    import cv2
    cv2.setNumThreads(1)
    return _attempt(settings)


def _attempt(settings: ReplaySettings) -> dict[str, Any]:
    """Replay one recording; a failure becomes an entry with its sentence."""
    try:
        return _entry(replay_into_folder(settings))
    except UserError as error:
        return {'error': str(error)}
    except Exception as error:  # a full disk, a defect of ours: the other recordings go on
        return {'error': f'{type(error).__name__}: {error}'}


def _entry(report: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in report.items() if key not in LEFT_OUT}


def _done_before(settings: ReplaySettings) -> dict[str, Any] | None:
    try:
        place = settings.out / 'report.json'
        report = json.loads(place.read_text(encoding='utf-8'))
        done = report['fingerprint'] == _fingerprint(settings)
        # The report comes last: a video or bag that is newer is of a replay that was broken off.
        written = place.stat().st_mtime_ns
        return report if done and all(file.stat().st_mtime_ns <= written
                                      for file in _outputs(settings)) else None
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _outputs(settings: ReplaySettings) -> list[Path]:
    """Return the files that a replay leaves beside its reports."""
    files = [settings.out / VIDEO] if settings.video else []
    if settings.output_bag:
        files += [settings.out / BAG / name for name in ('bag.mcap', 'metadata.yaml')]
    return files


def _fingerprint(settings: ReplaySettings) -> str:
    """Return what tells one piece of work from another: settings, model, recording, program."""
    settings = _with_whole_paths(settings)
    digest = hashlib.sha256(f'{package_version()} {TOTALS}'.encode())
    asked = {key: str(value) for key, value in asdict(settings).items() if key != 'out'}
    digest.update(json.dumps(asked, sort_keys=True).encode())
    for name in member_names(settings.model):
        file = find_file(name, settings.runtime, settings.device, settings.precision)
        digest.update(file.read_bytes())
    read = {settings.bag, *settings.bag.glob('*')}   # what lies deeper is no part of it
    if settings.labels:
        read |= {settings.labels, *settings.labels.rglob('*')}
    for file in sorted(one for one in read if one.is_file()):
        status = os.stat(file)
        digest.update(os.fsencode(f'{file} {status.st_size} {status.st_mtime_ns}'))
    for file in (settings.ground, settings.camera_info):
        if file:
            digest.update(file.read_bytes())
    return digest.hexdigest()
