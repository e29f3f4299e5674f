# Copyright 2026 The lane_perception developers
# SPDX-License-Identifier: Apache-2.0
"""Find a checkerboard or a ChArUco board in a picture."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import cv2
import numpy as np
from numpy.typing import NDArray

from lane_perception.errors import UserError

FORMS = ('checkerboard:COLUMNSxROWS:SQUARE (inner corners, where four squares meet, and metres), '
         'as checkerboard:8x6:0.025 for 9x7 squares; '
         'charuco:COLUMNSxROWS:SQUARE:MARKER[:DICTIONARY] (squares, metres), as '
         'charuco:5x7:0.04:0.03:DICT_4X4_50')
SMALLEST = (4, 3)  # inner corners of a checkerboard
FEWEST = 6  # corners of a ChArUco board that may be seen in part


@dataclass(frozen=True)
class Board:
    """A printed board."""

    kind: str              # checkerboard or charuco
    columns: int           # inner corners of a checkerboard, squares of a ChArUco board
    rows: int
    square: float          # metres
    marker: float = 0.0    # metres, ChArUco only
    dictionary: str = 'DICT_4X4_50'

    @classmethod
    def parse(cls, text: str) -> Board:
        """
        Return the board that a user describes.

        :raises UserError: when the text has none of the forms.
        """
        kind, *parts = text.split(':')
        try:
            columns, rows = (int(number) for number in parts[0].lower().split('x'))
            sizes = [float(number) for number in parts[1:3 if kind == 'charuco' else 2]]
            rest = parts[1 + len(sizes):]
            if kind == 'checkerboard' and len(sizes) == 1 and not rest:
                board = cls(kind, columns, rows, sizes[0])
            elif kind == 'charuco' and len(sizes) == 2 and len(rest) <= 1:
                board = cls(kind, columns, rows, *sizes, *rest)
            else:
                raise ValueError(kind)
        except (ValueError, IndexError) as error:
            raise UserError(f'board "{text}" is not understood; give {FORMS}') from error
        if min(columns, rows) < 3 or columns == rows == 3 or not 0.0 < board.square < 1.0:
            raise UserError(f'board "{text}" cannot be: 3 x 4 or more, squares in metres')
        if kind == 'charuco' and not 0.0 < board.marker < board.square:
            raise UserError(f'board "{text}": a marker is smaller than its square')
        if kind == 'charuco' and not hasattr(getattr(cv2, 'aruco', None), 'CharucoDetector'):
            raise UserError('this OpenCV cannot find ChArUco boards; use a checkerboard, or '
                            'OpenCV 4.7 or newer')
        if kind == 'charuco' and not (board.dictionary.startswith('DICT_')
                                      and hasattr(cv2.aruco, board.dictionary)):
            raise UserError(f'OpenCV knows no marker dictionary {board.dictionary}; they are '
                            'called as DICT_4X4_50')
        return board

    def find(self, image: NDArray[np.uint8],
             ) -> tuple[NDArray[np.float64], NDArray[np.float64]] | None:
        """
        Return the corners' pixels (N, 2) and their places on the board (N, 2), or None.

        :param image: (H, W, 3) uint8, BGR.
        """
        gray = cv2.cvtColor(image, cv2.COLOR_BGR2GRAY)
        return self._find_checkers(gray) if self.kind == 'checkerboard' else self._find_aruco(gray)

    def missed(self, image: NDArray[np.uint8]) -> str:
        """
        Return the sentence for a picture in which the board is not found.

        It names the part of the checkerboard, or the one of another size, that is there.

        :param image: (H, W, 3) uint8, BGR.
        """
        if self.kind != 'checkerboard':
            return 'the board is not seen whole and sharp enough in the picture'
        sentence = (f'the board of {self.columns}x{self.rows} inner corners is not seen whole and '
                    'sharp enough in the picture')
        gray = cv2.cvtColor(image, cv2.COLOR_BGR2GRAY)
        flags = cv2.CALIB_CB_NORMALIZE_IMAGE | cv2.CALIB_CB_LARGER
        # From one call to the next it may find another part of the same board.
        tries = [cv2.findChessboardCornersSBWithMeta(gray, SMALLEST, flags) for _ in range(3)]
        shape = max((cells.shape for found, _, cells in tries if found), key=np.prod, default=())
        if not shape or sorted(shape) == sorted((self.columns, self.rows)):
            return sentence
        columns, rows = sorted(shape, reverse=self.columns >= self.rows)
        if (columns, rows) == (self.columns - 1, self.rows - 1):
            return (f'{sentence}, but one of {columns}x{rows} is there: count inner corners, '
                    'not squares')
        if columns > self.columns or rows > self.rows:
            return f'{sentence}, but one of {columns}x{rows} is there'
        return (f'{sentence}: only a part, {columns}x{rows}, is found; lay it nearer to the '
                'camera, whole in sight and flat')

    def _find_checkers(self, gray):
        flags = cv2.CALIB_CB_NORMALIZE_IMAGE | cv2.CALIB_CB_EXHAUSTIVE | cv2.CALIB_CB_ACCURACY
        found, corners = cv2.findChessboardCornersSB(gray, (self.columns, self.rows), flags)
        if not found:   # as it often is of a board that is seen at a low angle
            flags = cv2.CALIB_CB_NORMALIZE_IMAGE | cv2.CALIB_CB_ADAPTIVE_THRESH
            found, corners = cv2.findChessboardCorners(gray, (self.columns, self.rows), flags)
        if not found:
            return None
        corners = _refined(gray, corners.reshape(self.rows, self.columns, 2))
        row, column = np.divmod(np.arange(self.columns * self.rows), self.columns)
        places = np.column_stack((column, row)) * self.square
        return corners.reshape(-1, 2).astype(np.float64), places

    def _find_aruco(self, gray):
        dictionary = cv2.aruco.getPredefinedDictionary(getattr(cv2.aruco, self.dictionary))
        board = cv2.aruco.CharucoBoard((self.columns, self.rows), self.square, self.marker,
                                       dictionary)
        corners, numbers, _, _ = cv2.aruco.CharucoDetector(board).detectBoard(gray)
        if numbers is None and hasattr(board, 'setLegacyPattern'):   # from OpenCV 4.8 on
            # Until OpenCV 4.6 boards of an even number of rows began with a white square.
            board.setLegacyPattern(True)
            corners, numbers, _, _ = cv2.aruco.CharucoDetector(board).detectBoard(gray)
        if numbers is None or len(numbers) < FEWEST:
            return None
        places = board.getChessboardCorners()[numbers.ravel(), :2]
        pixels = corners.reshape(-1, 2).astype(np.float64) - charuco_shift()
        return pixels, places.astype(np.float64)


def _refined(
    gray: NDArray[np.uint8], corners: NDArray[np.float32],
) -> NDArray[np.float32]:
    """Return (rows, columns, 2) corners where the edges around each of them cross."""
    spacing = min(np.linalg.norm(np.diff(corners, axis=axis), axis=2).min() for axis in (0, 1))
    reach = int(np.ceil(spacing / 2)) - 1   # of the window: no neighbor's edges are in it
    if reach < 1:
        return corners
    return cv2.cornerSubPix(gray, corners.reshape(-1, 1, 2), (reach, reach), (-1, -1),
                            (cv2.TERM_CRITERIA_COUNT + cv2.TERM_CRITERIA_EPS, 50, 1e-3))


@cache
def charuco_shift() -> NDArray[np.float64]:
    """
    Return (2,) pixels by which this OpenCV tells ChArUco corners too far right and down.

    Half a pixel each before the fix of opencv/opencv#25539, nothing from it on: a board that is
    drawn, and so known exactly, shows which. Refining the corners again instead would take
    windows fitted to the markers and the blur, as OpenCV's own are.
    """
    side = 60   # pixels of a square, and of the margin
    board = cv2.aruco.CharucoBoard((4, 4), 1.0, 0.6, cv2.aruco.getPredefinedDictionary(
        cv2.aruco.DICT_4X4_50))
    drawn = board.generateImage((6 * side, 6 * side), marginSize=side)
    corners, numbers, _, _ = cv2.aruco.CharucoDetector(board).detectBoard(drawn)
    true = side * (board.getChessboardCorners()[numbers.ravel(), :2] + 1.0) - 0.5
    return np.round(2.0 * np.median(corners.reshape(-1, 2) - true, axis=0)) / 2.0
