# Copyright 2026 The lane_perception developers
# SPDX-License-Identifier: Apache-2.0
"""From the mask of markings to the ego lane."""

from __future__ import annotations

from dataclasses import replace
from math import inf
from math import isfinite
from typing import Callable

import numpy as np
from numpy.typing import NDArray

from lane_perception.errors import UserError
from lane_perception.geometry import nominal_view
from lane_perception.geometry.chains import Chains
from lane_perception.geometry.confidence import Evidence
from lane_perception.geometry.confidence import gather
from lane_perception.geometry.confidence import Judgement
from lane_perception.geometry.confidence import shipped
from lane_perception.geometry.doubt import Doubt
from lane_perception.geometry.doubt import EVERY
from lane_perception.geometry.doubt import needed
from lane_perception.geometry.ego_lane import Candidate
from lane_perception.geometry.ego_lane import choose
from lane_perception.geometry.ego_lane import Expectation
from lane_perception.geometry.ground_calibration import GroundCalibration
from lane_perception.geometry.lane import Lane
from lane_perception.geometry.lane import LaneSettings
from lane_perception.geometry.lane import offset_of
from lane_perception.geometry.lane_curve import fit
from lane_perception.geometry.lane_curve import LaneCurve
from lane_perception.geometry.nominal_view import NominalCamera
from lane_perception.geometry.place import Place
from lane_perception.geometry.sighting import center_of
from lane_perception.geometry.sighting import MISFIT
from lane_perception.geometry.sighting import moved
from lane_perception.geometry.sighting import Sighting
from lane_perception.geometry.sighting import trust_in
from lane_perception.geometry.tracking import LaneTrack
from lane_perception.geometry.tracking import OUTLIER

__all__ = ['Lane', 'LaneFinder', 'LaneSettings']

LEAST_TRUST = 0.3         # in a lane that a mask alone shows
FLOOR = 0.1               # the same with the network's probability, which then decides
HELD_AFTER = 3            # sightings without which a lane is not held through a gap
FOLLOWED = 0.2            # seconds without a sighting after which a track may still be taken up
FASTEST = 150.0           # pictures a second: by more of them no gap is held, whatever the stamps
MOST_STILL = 2            # pictures with the stamp of the one before; from then on time stands
QUICK = 0.06              # seconds between pictures from which on there is time for many looks
OWN = 0.25                # lane widths, and radians, by which the car stands off its own lane
OWN_TURN = 0.5
ALIKE = 0.1               # of a lane's width by which its neighbour's differs
LINE_CONFIDENCE = 0.5     # in a sighting whose centre line is looked for in the next picture
DRIFT = 1.5               # m/s to the side by which what is seen ahead may move
FAITH_SIGMA = 0.04        # metres to the side at which a point of the path counts half


class LaneFinder:
    """
    Finds the ego lane in one mask after the other.

    With stamps the lane is tracked over time. What holds for the whole place, the lane's width and
    (without a calibration) the horizon, is learnt from every picture until :meth:`reset`.
    """

    def __init__(
        self, settings: LaneSettings = LaneSettings(), ground: GroundCalibration | None = None,
        judge: Callable[[Evidence], float | None] | None = None,
        camera: NominalCamera | None = None,
    ) -> None:
        """
        Start without a track; settings may be replaced between two pictures.

        :param judge: returns a sighting's confidence, None where it is no lane; None: as fitted.
        :param camera: tells the lens where there is no ground calibration; None: a usual one.
        """
        self.settings = settings
        self._given_judge = judge
        self.place = Place(ground, camera)
        self._doubt: Doubt | None = Doubt(self._newcomer)
        self._quick = QUICK
        self.reset()

    @property
    def ground(self) -> GroundCalibration | None:
        """Return the ground calibration, None without one."""
        return self.place.ground

    @property
    def camera(self) -> NominalCamera | None:
        """Return the camera whose lens is known without a calibration, None without one."""
        return self.place.camera

    @property
    def _judge(self) -> Callable[[Evidence], float | None]:
        """Return who judges sightings, by what is known of the camera."""
        return self._given_judge or shipped(self.place.known)

    @property
    def _needed(self) -> float:
        """Return the log odds from which on a sighting is a lane."""
        judge = self._judge
        return judge.needed if isinstance(judge, Judgement) else 0.0

    def reset(self) -> None:
        """Forget the track, and what was learnt of place and camera: a recording begins."""
        self._track: LaneTrack | None = None
        self._rival: LaneTrack | None = None
        self._line = self._line_state = np.zeros(0)   # of the last sighting in the track
        self._last_confidence = 0.0                   # in it
        self._unseen_since = 0   # pictures in a row without a sighting
        self._stamp: float | None = None
        self._still = 0     # pictures in a row with that same stamp
        self._interval = inf   # seconds since the picture before
        self.taught = False    # whether the last picture taught something of the place
        self.place.forget()
        if self._doubt is not None:
            self._doubt.forget()

    def find(self, mask: NDArray[np.uint8], stamp: float | None = None,
             probability: NDArray[np.float32] | None = None) -> Lane:
        """
        Return the ego lane that the mask shows.

        :param mask: (H, W) uint8, 255 on markings, else 0.
        :param stamp: when the picture was taken, in seconds; None, or not finite: no tracking,
            but what is known of the place counts. A stamp before the last one drops the track,
            and so does one that stands still for more than two pictures more.
        :param probability: (h, w), 0 to 1, that the mask was made of, covering the same view;
            the lane's confidence then is a probability (confidence.py). None: a mask alone, and a
            rule of thumb.
        :raises UserError: when the mask is no such array, or its aspect ratio contradicts the
            ground calibration.
        """
        if not (isinstance(mask, np.ndarray) and mask.ndim == 2 and mask.dtype == np.uint8
                and mask.size):
            raise UserError('a mask must be a (height, width) array of uint8, 255 on markings and '
                            '0 elsewhere')
        stamp = stamp if stamp is not None and isfinite(stamp) else None
        lane = self._find(mask, stamp, probability)
        if self._doubt is None or self.place.width is None or not lane.markings:
            return lane

        def look(newcomer: LaneFinder) -> tuple[Lane, int]:
            newcomer.settings = self.settings
            found = newcomer.find(mask, stamp, probability)
            return found, needed(newcomer._track, self._track)
        newcomer, other = self._doubt.better(self.taught, look)
        # Confidences compare where the same is known of the camera.
        if newcomer is None or (other.confidence <= lane.confidence
                                and newcomer.place.known == self.place.known):
            return lane
        self.place, self._track, self._rival = newcomer.place, newcomer._track, newcomer._rival
        self._line, self._line_state = newcomer._line, newcomer._line_state
        self._last_confidence = newcomer._last_confidence
        return other

    def _newcomer(self) -> LaneFinder:
        """Return a finder that knows nothing of the place, and doubts nothing."""
        newcomer = LaneFinder(self.settings, self.ground, self._given_judge, self.camera)
        newcomer.place, newcomer._doubt = self.place.anew(), None
        # It sees fewer pictures, and has no more time for each, nor for its first.
        newcomer._quick, newcomer._stamp = EVERY * QUICK, self._stamp
        return newcomer

    def _find(self, mask: NDArray[np.uint8], stamp: float | None,
              probability: NDArray[np.float32] | None) -> Lane:
        """Return the ego lane by what is known of the place; see :meth:`find`."""
        self.taught = False
        place = self.place
        place.look_from((mask.shape[1], mask.shape[0]))
        self._advance(stamp)
        quick = self._interval < self._quick
        read = place.suit_tape(mask, quick) if place.is_nominal_and_new else None
        chains, seen = self._see(mask, read)
        if place.is_nominal_and_new and (
                seen is None or not seen.curve.both or place.implies_other_horizon(seen.curve)):
            if place.try_horizons(mask, lambda one: self._see(one)[1], quick):
                chains, seen = self._see(mask)
        place.hear_tape(chains)
        confidence, odds = self._confidence(chains, seen, probability)
        if self._track is not None and not (seen and seen.curve.surrounds):
            other = self._against_track(chains, seen)
            other_confidence, other_odds = self._confidence(chains, other, probability)
            if (other_confidence or 0.0) > (confidence or 0.0):
                seen, confidence, odds = other, other_confidence, other_odds
        if confidence is None or confidence < self.settings.min_confidence:
            return self._unseen(chains, stamp)
        self._unseen_since = 0
        track = None
        if stamp is not None:
            if not self._follow(seen.curve, stamp, odds):
                return self._unseen(chains, stamp)
            track = self._track
            track.note(seen.curve, confidence)
            odds = track.odds
            self._line = seen.curve.points[seen.curve.in_sight]
            self._line_state = track.state.copy()
            self._last_confidence = confidence
        if odds < self._needed:
            return self._nothing(chains.polylines())
        self.taught = place.learn(seen, chains)
        return self._lane(chains, seen, confidence, track)

    def find_in(self, mask: NDArray[np.uint8], place: Place) -> Lane:
        """
        Return the lane that a mask shows by itself to who knows a place; nothing is learnt.

        :param mask: (H, W) uint8, of the same size as the last picture that the place was read in.
        """
        self.place, self._track = place, None
        chains, seen = self._see(mask)
        confidence, _ = self._confidence(chains, seen, None)
        if confidence is None:
            return self._nothing(chains.polylines())
        return self._lane(chains, seen, confidence)

    def _advance(self, stamp: float | None) -> None:
        """Move the track on to a picture's stamp, or drop it."""
        self._still = self._still + 1 if stamp == self._stamp else 0
        self._interval = inf if None in (stamp, self._stamp) else abs(stamp - self._stamp)
        self._stamp = stamp
        if self._track is None:
            return
        if stamp is None or stamp < self._track.stamp or self._still > MOST_STILL:
            self._track = None
        elif stamp - self._track.seen > max(self.settings.max_gap_s, FOLLOWED):
            self._track = None
        else:
            self._track.predict(stamp)

    def _expected_here(self) -> Expectation:
        """Return what the place says of any lane in it."""
        return Expectation(**self.place.expected(self.settings.lane_width))

    def _expected(self) -> Expectation:
        """Return what place and track say of the lane."""
        known = self.place.expected(self.settings.lane_width, self._track and self._track.width)
        if self._track is not None:
            aside, turn = np.sqrt(np.diag(self._track.covariance)[:2])
            known.update(lateral=self._track.state[0], lateral_sigma=0.04 + aside,
                         heading=self._track.state[1], heading_sigma=0.1 + turn)
            # Not a wrong lane's, nor that of a track that has just jumped.
            if (self.place.width is not None and self._track.sightings >= HELD_AFTER
                    and self._last_confidence >= LINE_CONFIDENCE):
                known.update(line=moved(self._line, self._line_state, self._track.state),
                             line_sigma=DRIFT * (self._track.stamp - self._track.seen))
        return Expectation(**known)

    def _see(self, mask: NDArray[np.uint8], read: Chains | None = None,
             ) -> tuple[Chains, Sighting | None]:
        """Return the marks in chains, where they are not read already, and the lane there."""
        chains = self.place.read(mask) if read is None else read
        expected = self._expected()
        seen = self._sight(chains, choose(chains, expected), expected)
        if seen is not None and seen.curve.beside and expected.lateral is None:
            seen = self._own(seen.curve, chains, expected)
        return chains, seen

    def _own(self, beside: LaneCurve, chains: Chains, expected: Expectation) -> Sighting | None:
        """Return the lane that the car stands in, where the best one is that beside it."""
        expected = replace(expected, lateral=0.0, lateral_sigma=OWN * beside.width,
                           heading_sigma=OWN_TURN)
        if self.place.width is None:   # neighbours are as wide
            expected = replace(expected, width=beside.width,
                               width_sigma=min(expected.width_sigma, ALIKE * beside.width))
        own = self._sight(chains, choose(chains, expected), expected)
        return None if own is None or own.curve.beside else own

    def _sight(self, chains: Chains, candidate: Candidate | None,
               expected: Expectation) -> Sighting | None:
        """Return the lane between chosen markings, None where there is none."""
        curve = None if candidate is None else fit(chains, candidate, expected)
        if curve is None:
            return None
        trust = trust_in(chains, candidate, curve,
                         MISFIT if self.ground is not None else nominal_view.MISFIT)
        if curve.both:
            trust /= 1.0 + self.place.unlikeness(curve.width)
        return Sighting(candidate, curve, trust)

    def _confidence(self, chains, seen: Sighting | None, probability):
        """Return how likely a sighting's centre is right, None without one; its odds."""
        if seen is None:
            return None, 0.0
        if probability is None:
            return (seen.trust, abs(self._needed)) if seen.trust >= LEAST_TRUST else (None, 0.0)
        if seen.trust < FLOOR:
            return None, 0.0
        ahead = self.settings.look_ahead_m if self.ground is not None else 0.0
        evidence = gather(chains, seen.curve, seen.trust, probability, self.place.view,
                          self.place.size, self._row(), ahead)
        judge = self._judge
        if isinstance(judge, Judgement):
            return judge.right(evidence), judge.odds(evidence)
        return judge(evidence), 0.0

    def _against_track(self, chains: Chains, seen: Sighting | None) -> Sighting | None:
        """
        Return a lane that the track speaks against, or None.

        A track may have come to follow another lane's line. Where both sides of a lane are seen
        and the car stands between them, and the candidate that suits the track is no such lane
        and less likely to be right, the picture is believed. Like any outlier, that lane has to
        be seen twice.
        """
        expected = self._expected_here()
        free = choose(chains, expected)
        if free is None or (seen is not None and (free.left, free.right) == (
                seen.candidate.left, seen.candidate.right)):
            return None
        other = self._sight(chains, free, expected)
        return other if other is not None and other.curve.surrounds else None

    def _row(self) -> float:
        return (1.0 - self.settings.look_ahead) * self.place.size[1]

    def _follow(self, curve: LaneCurve, stamp: float, odds: float) -> bool:
        """Take a sighting into the track; return False where it is an outlier."""
        sighting = np.array([curve.lateral, curve.heading, curve.curvatures[0], curve.width])
        if self._track is None:
            self._track = LaneTrack(sighting, curve.covariance, stamp, odds)
        elif self._track.distance(sighting, curve.covariance) <= OUTLIER:
            self._track.update(sighting, curve.covariance, odds)
        elif curve.beside:
            return False   # while the own lane is out of sight
        else:
            # Once is an outlier; twice in agreement, the lane is there and the track was wrong.
            rival, self._rival = self._rival, LaneTrack(
                sighting, curve.covariance, stamp, max(odds, self._track.odds))
            if rival is None:
                return False
            rival.predict(stamp)
            if rival.distance(sighting, curve.covariance) > OUTLIER:
                return False
            self._track = self._rival
        self._rival = None
        return True

    def _unseen(self, chains: Chains, stamp: float | None) -> Lane:
        """Return the lane held through a gap, or that there is none."""
        markings = chains.polylines()
        track = self._track
        self._unseen_since += 1
        if stamp is None or track is None or (
                track.sightings < HELD_AFTER or track.odds < self._needed
                or stamp - track.seen > self.settings.max_gap_s
                or self._unseen_since > FASTEST * self.settings.max_gap_s):
            return self._nothing(markings)
        left = 1.0 - (stamp - track.seen) / self.settings.max_gap_s
        line = moved(self._line, self._line_state, track.state)
        return self._describe(line, np.full(len(line), max(left, 0.0) / 2.0), track.state[:4],
                              track.covariance[:2, :2],
                              min(self._last_confidence, 0.5) * max(left, 0.05),
                              markings=markings, held=True)

    def _lane(self, chains: Chains, sighting: Sighting, confidence: float,
              track: LaneTrack | None = None) -> Lane:
        """Return the lane of a sighting; a track knows better where the car is against it."""
        curve, pixels = sighting.curve, chains.marks.pixels
        state = np.array([curve.lateral, curve.heading, curve.curvatures[0], curve.width])
        covariance = curve.covariance[:2, :2]
        if track is not None:
            state, covariance = track.state[:4], track.covariance[:2, :2].copy()
            if not curve.both:
                # A wrong width errs alike in every picture: filtering does not take it away.
                covariance[0, 0] += (self._expected_here().width_sigma / 2.0) ** 2
        seen = curve.in_sight
        faith = sighting.trust / (1.0 + (curve.sigmas[seen] / FAITH_SIGMA) ** 2)
        return self._describe(curve.points[seen], faith, state, covariance, confidence,
                              markings=chains.polylines(),
                              left=pixels[curve.sides > 0], right=pixels[curve.sides < 0])

    def _describe(self, line, trust, state, covariance, confidence, **more) -> Lane:
        """Return a lane from its centre line in the view's metres."""
        size = self.place.size
        pixels = self.place.view.to_image(line, size)
        shown = np.isfinite(pixels).all(axis=1)
        if not shown.any():
            return self._nothing(more['markings'])
        metric = self.ground is not None
        center = center_of(line[shown], pixels[shown], size[0], self._row(),
                           self.settings.look_ahead_m if metric else 0.0)
        lane = dict(center=center, offset=offset_of(center[0], size[0]),
                    confidence=float(confidence), center_line=pixels[shown], **more)
        if metric:
            lane.update(zip(('lateral', 'heading', 'curvature', 'width'), state.tolist()),
                        path=line, trust=trust, covariance=covariance.copy())
        return Lane(**lane)

    def _nothing(self, markings) -> Lane:
        """Return that there is no lane."""
        if self.ground is None:
            return Lane(markings=markings)
        return Lane(path=np.zeros((0, 2)), trust=np.zeros(0), markings=markings)
