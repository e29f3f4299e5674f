# Copyright 2026 The lane_perception developers
# SPDX-License-Identifier: Apache-2.0
"""The floor that marks are read on, and what lanes have taught of the whole place."""

from __future__ import annotations

from copy import copy
from typing import Any
from typing import Callable

import numpy as np
from numpy.typing import NDArray

from lane_perception.geometry import horizon_evidence
from lane_perception.geometry import nominal_view
from lane_perception.geometry.chains import Chains
from lane_perception.geometry.chains import link
from lane_perception.geometry.ground_calibration import GroundCalibration
from lane_perception.geometry.lane_curve import LaneCurve
from lane_perception.geometry.lens_study import LensStudy
from lane_perception.geometry.marks import MarkReader
from lane_perception.geometry.nominal_view import NominalCamera
from lane_perception.geometry.sighting import Sighting

USUAL_WIDTH = 0.4         # metres: a lane that nobody has measured yet
USUAL_WIDTH_SIGMA = 0.2
GIVEN_WIDTH_SIGMA = 0.01  # metres: how well a given width holds
LEARNT_WIDTH_SIGMA = 0.02
CONFIDENT = 0.75          # trust in a lane from which is learnt
OTHER_WIDTH = 0.3         # share by which the learnt width is off that halves the trust
FEW = 2.0                 # lanes after which it is so; the first ones are allowed more
LEAST_SHARE = 0.1         # of a lane in what is learnt


class Place:
    """
    A floor, the width of its lanes and, without a calibration, its horizon.

    With a calibration the floor is known, and only the width is learnt. Without one it is the
    nominal floor (nominal_view.py), whose horizon is learnt, and so are how the lane's width seems
    to grow ahead on it and, where nobody tells it, the camera's lens (lens_study.py).
    """

    def __init__(
        self, ground: GroundCalibration | None, camera: NominalCamera | None = None,
    ) -> None:
        """
        Know nothing but the calibration or, without one, the camera's lens.

        :param camera: counts for pictures of its aspect ratio; None: a usual one.
        """
        self.ground, self.camera = ground, camera
        self.size: tuple[int, int] | None = None   # (width, height) of the pictures
        self._floors: dict[tuple, tuple[GroundCalibration, MarkReader]] = {}
        self._stale = True   # whether the floor is to be laid anew before it is read
        self._nominal = camera   # that the floor lies for, without a calibration
        self.forget()

    def forget(self) -> None:
        """Forget all that was learnt."""
        self.width: float | None = None   # metres
        self._flare = 0.0                 # metres of width gained per metre ahead
        self._lessons = 0.0               # lanes that have taught it
        self.horizon = self._laid_horizon = nominal_view.FIRST_HORIZON   # fractions of the height
        self._said = horizon_evidence.usual()   # of the horizon
        self._study: LensStudy | None = None        # of a lens that nobody told
        self._taught: NominalCamera | None = None   # with the lens that it has found
        self._has_news = False     # whether it has found another one since the floor was laid
        self._study_weight = 1.0   # of the horizon that it has found
        self._untried = 0   # pictures until other horizons are tried (again)
        self._trial: nominal_view.HorizonTrial | None = None
        self._stale = self._stale or self.ground is None

    def anew(self) -> Place:
        """Return the place of somebody to whom nothing was taught."""
        new = Place(self.ground, self.camera)
        new._floors = self._floors   # they take long to lay, and never change
        return new

    def as_it_lies(self) -> Place:
        """Return what is known now, on the floor that the last picture was read on."""
        known = copy(self)   # what it holds is replaced, never changed, but for the study
        known._study = None
        known._stale = known._has_news = False
        return known

    @property
    def known(self) -> str:
        """Return what is known of the camera that the floor lies for: nothing, lens or ground."""
        if self.ground is not None:
            return 'ground'
        told = self._nominal is not None and (
            self._nominal is self.camera or self._nominal is self._taught)
        return 'lens' if told else 'nothing'

    @property
    def is_nominal_and_new(self) -> bool:
        """Tell whether nobody has calibrated it, and no lane has taught anything."""
        return self.ground is None and self.width is None

    def look_from(self, size: tuple[int, int]) -> None:
        """
        Lay the floor for pictures of a size, (width, height), unless it lies already.

        :raises UserError: when the aspect ratio contradicts the ground calibration.
        """
        if size == self.size and not self._stale:
            return
        if self.ground is not None:
            self.view, self._reader = self.ground, MarkReader(size, self.ground)
        else:
            self._lay_nominal(size)
        self.size, self._stale = size, False

    def _lay_nominal(self, size: tuple[int, int]) -> None:
        if self._has_news:
            self._take_lens()
        if self.camera is not None and self.camera.fits(size):
            self._nominal = self.camera
        elif self._taught is not None and self._taught.fits(size):
            self._nominal = self._taught
        else:
            self._nominal = NominalCamera.usual(size)
        before, self._laid_horizon = self._laid_horizon, self.horizon
        if self.width is not None:
            self._flare += self._nominal.flare(self.horizon - before, self.width)
        floor = size, self.horizon
        again = self._taught is None and self.horizon in (
            nominal_view.FIRST_HORIZON, *nominal_view.OTHER_HORIZONS)   # it will be tried again
        if again and floor in self._floors:
            self.view, self._reader = self._floors[floor]
            return
        self.view = self._nominal.view(self.horizon)
        self._reader = MarkReader(size, self.view, nominal_view.WIDEST_MARKING)
        if again:
            self._floors[floor] = self.view, self._reader

    def read(self, mask: NDArray[np.uint8]) -> Chains:
        """Return the marks of a mask, in chains."""
        return link(self._reader.read(mask))

    def expected(self, given_width: float, followed: float | None = None) -> dict[str, Any]:
        """
        Return what an Expectation says of the place.

        :param given_width: of the lane, metres; 0: not given. For a calibrated floor.
        :param followed: width of the lane that is followed, metres, which may get narrower or
            wider on the way; None: not seen. Likewise: without a calibration bends warp it.
        """
        if given_width and self.ground is not None:
            width, sigma = given_width, GIVEN_WIDTH_SIGMA
        elif self.width is not None:
            width = self.width
            sigma = (LEARNT_WIDTH_SIGMA if self.ground is not None
                     else nominal_view.LEARNT_WIDTH_SIGMA)
        else:
            width, sigma = USUAL_WIDTH, USUAL_WIDTH_SIGMA
        if followed is not None and self.ground is not None and not given_width:
            width = followed
        known = dict(width=width, width_sigma=sigma)
        if self.ground is None:
            known.update(narrowest=nominal_view.NARROWEST, widest=nominal_view.WIDEST,
                         spread=nominal_view.SPREAD, blind=nominal_view.BLIND, flare=self._flare,
                         flare_sigma=(nominal_view.FLARE_SIGMA if self.width is None
                                      else nominal_view.LEARNT_FLARE_SIGMA))
        return known

    def suit_tape(self, mask: NDArray[np.uint8], quick: bool) -> Chains | None:
        """
        Lay the floor on which tape is as wide far away as near; until a lane teaches better.

        :param quick: whether pictures follow on each other so quickly that few looks have to do.
        :returns: what was read on that floor; None where it was laid after the last reading.
        """
        chains = None

        def chains_under(horizon: float) -> Chains:
            nonlocal chains
            self._lay(horizon)
            chains = self.read(mask)
            return chains
        horizon, self._said = horizon_evidence.settle(
            chains_under, self.horizon, self.size[1], self._nominal, self._said,
            horizon_evidence.QUICK_LOOKS if quick else horizon_evidence.LOOKS)
        if abs(horizon - self._laid_horizon) <= nominal_view.REDRAWN:
            return chains
        self._lay(horizon)
        return None

    def hear_tape(self, chains: Chains) -> None:
        """Take over what a picture's tape says of the horizon, once a lane has taught."""
        if self.ground is not None or self.width is None:
            return
        self._study_weight *= horizon_evidence.MEMORY
        said = horizon_evidence.said_by_tape(
            chains, self._laid_horizon, self.size[1], self._nominal)
        if said is not None:
            self._hear(horizon_evidence.LATER * said)

    def _hear(self, said: NDArray[np.float64]) -> None:
        """Take over what is said of the horizon; the next picture is read on the floor of it."""
        self._said = horizon_evidence.heard(self._said, said)
        said = self._said
        if self._taught is not None:
            found = horizon_evidence.said_by_widths(*self._study.horizon)
            said = said + self._study_weight * found
        self.horizon = horizon_evidence.likeliest(said, self._nominal)
        self._stale = abs(self.horizon - self._laid_horizon) > nominal_view.REDRAWN

    def try_horizons(
        self, mask: NDArray[np.uint8], see: Callable[[NDArray[np.uint8]], Sighting | None],
        quick: bool,
    ) -> bool:
        """
        Look for the horizon under which the mask shows both sides of a lane.

        Under a horizon far from the true one a lane's sides run apart or cross, so that they do
        not pass for its sides. Until a lane has been seen, now and then other horizons are tried:
        all of them at once or, where pictures follow on each other quickly, one with each picture,
        on the same mask, so that none of the pictures is late.

        :param see: returns the lane that a mask shows on the floor as it lies.
        :param quick: as for :meth:`suit_tape`.
        :returns: whether one was found; the floor is laid anew for it.
        """
        self._untried -= 1
        if self._trial is None or self._trial.mask.shape != mask.shape:
            if self._untried >= 0 or not mask.any():
                return False
            self._untried = nominal_view.TRIED_EVERY - 1
            self._trial = nominal_view.HorizonTrial(mask.copy())
        first, floor, trial = self.horizon, (self.view, self._reader), self._trial
        count = 1 if quick else len(trial.left)
        for horizon in trial.left[:count]:
            self._lay(horizon)
            seen = see(trial.mask)
            if self._teaches(seen) and seen.candidate.score > trial.score:
                trial.best, trial.score = horizon, seen.candidate.score
        del trial.left[:count]
        best = None
        if not trial.left:
            best, self._trial = trial.best, None
        if best is not None:
            self._lay(best)
        else:   # as it lay
            self.horizon = self._laid_horizon = first
            self.view, self._reader = floor
        return best is not None

    def implies_other_horizon(self, curve: LaneCurve) -> bool:
        """Tell whether the first lane's sides are parallel only under quite another horizon."""
        return self.is_nominal_and_new and (
            abs(self._implied(curve) - self._laid_horizon) > nominal_view.FARTHEST)

    def learn(self, seen: Sighting, chains: Chains) -> bool:
        """
        Take over the width, the horizon and the lens from a lane that surely has two sides.

        :param chains: that it was seen in.
        :returns: whether it is such a lane.
        """
        if not self._teaches(seen):
            return False
        curve = seen.curve
        straight = self.ground is not None or curve.bend <= nominal_view.STRAIGHT
        weight = 1.0 if straight else nominal_view.BENT
        self._lessons += weight
        share = weight * max(1.0 / self._lessons, LEAST_SHARE)
        self.width = curve.width * share + (1.0 - share) * (self.width or 0.0)
        self._flare += share * (curve.flare - self._flare)
        if self.ground is None and straight:
            self._hear(horizon_evidence.said_by_sides(self._implied(curve)))
        if self.ground is None and self._nominal is not self.camera:
            self._study_lens(chains, curve)
        return True

    def _study_lens(self, chains: Chains, curve: LaneCurve) -> None:
        """Fit the lens to one more picture; the next one is read on the floor of it."""
        self._study_weight = 1.0
        if self._study is None or self._study.size != self.size:
            self._study = LensStudy(self.size, self.horizon)
            self._stale = self._stale or self._taught is not None
            self._taught = None
        laid = self._laid_horizon
        if self._study.add(chains.marks, curve.sides, laid) and self._study.has_news(laid):
            self._has_news = self._stale = True

    def _take_lens(self) -> None:
        """Take over what the study has found, for a floor that is about to be laid."""
        study, self._has_news = self._study, False
        self._taught = study.camera()
        self.width, self._flare = study.width, 0.0
        # The floor that is laid next is that of the width: no flare comes of the change.
        self.horizon = self._laid_horizon = study.horizon[0]
        self._said = horizon_evidence.said_by_sides(self.horizon)

    def unlikeness(self, width: float) -> float:
        """Return how unlike a width, metres, is to the learnt one; from 1 on it is doubtful."""
        if self.width is None:
            return 0.0
        allowed = OTHER_WIDTH * (1.0 + FEW / self._lessons)
        return ((width / self.width - 1.0) / allowed) ** 2

    def _teaches(self, seen: Sighting | None) -> bool:
        """
        Tell whether a lane's two sides are surely seen and stand right.

        The car is between them, and no marking in their middle.
        """
        return (seen is not None and seen.curve.surrounds
                and seen.trust * seen.candidate.undivided >= CONFIDENT
                and not self.implies_other_horizon(seen.curve))

    def _implied(self, curve: LaneCurve) -> float:
        """Return the horizon under which a lane's sides are parallel."""
        return self._nominal.parallel(self._laid_horizon, curve.width, curve.flare)

    def _lay(self, horizon: float) -> None:
        self._stale = self._stale or horizon != self._laid_horizon
        self.horizon = horizon
        self.look_from(self.size)
