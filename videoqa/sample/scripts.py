"""Scripts of the activities: the state of every frame, from the scene's numbers.

Only the first activity of each pair has a script; the second one shows the same frames in opposite order.
"""

import math
from collections.abc import Callable

from videoqa.sample.scene import BOOT_X, BOX_IN_BOOT_Y, Scene, State


def state_at(scene: Scene, frame: int) -> State:
    """Return the state of one frame of the clip played forwards, `frame` in [0, scene.num_frames)."""
    length = scene.action_end - scene.action_start
    elapsed = min(max(frame - scene.action_start, 0), length - 1)
    progress = elapsed / (length - 1)
    resting = not scene.action_start <= frame < scene.action_end
    state = State(scene.near, scene.feet_y, scene.box_x, scene.box_y, scene.door, scene.shutter)
    SCRIPTS[scene.activity](scene, state, progress, elapsed, resting)
    return state


def _ramp(progress: float, start: float, end: float) -> float:
    """Return 0 before `start`, 1 after `end`, and a smooth step between."""
    step = min(max((progress - start) / (end - start), 0.0), 1.0)
    return step * step * (3 - 2 * step)


def _walk(state: State, start: float, end: float, share: float) -> None:
    """Move him `share` of the way from `start` to `end`, legs in step with the distance."""
    state.x = start + (end - start) * share
    if 0 < share < 1:
        state.stride = math.sin(abs(state.x - start) * 0.55)


def _loading(scene: Scene, state: State, progress: float, elapsed: int, resting: bool) -> None:
    """He walks to the box, bends, carries it to the car and puts it into the boot."""
    if progress < 0.22:
        _walk(state, scene.near, scene.box_x, _ramp(progress, 0.0, 0.2))
    else:
        _walk(state, scene.box_x, scene.far, _ramp(progress, 0.36, 0.8))
    state.crouch = _ramp(progress, 0.18, 0.27) * (1 - _ramp(progress, 0.28, 0.38))
    taken, put = _ramp(progress, 0.27, 0.38), _ramp(progress, 0.8, 0.95)
    held_x, held_y = state.x, scene.feet_y - 13.0
    state.box_x = (scene.box_x * (1 - taken) + held_x * taken) * (1 - put) + BOOT_X * put
    state.box_y = (scene.box_y * (1 - taken) + held_y * taken) * (1 - put) + BOX_IN_BOOT_Y * put
    reaching = max(state.crouch, _ramp(progress, 0.27, 0.3) * (1 - _ramp(progress, 0.95, 1.0)))
    state.carrying = reaching
    state.left_arm = state.right_arm = 8.0 + 30.0 * reaching


def _entering(scene: Scene, state: State, progress: float, elapsed: int, resting: bool) -> None:
    """He walks to the door, which opens, goes in and the door shuts behind him."""
    _walk(state, scene.near, scene.far, _ramp(progress, 0.0, 0.62))
    state.door = max(_ramp(progress, 0.35, 0.55) * (1 - _ramp(progress, 0.88, 1.0)), 0.0)
    state.depth = _ramp(progress, 0.6, 0.88)
    if 0 < state.depth < 1:
        state.stride = math.sin(state.depth * 9)


def _raising(scene: Scene, state: State, progress: float, elapsed: int, resting: bool) -> None:
    """He pulls the chain beside the shutter, hand over hand, and it goes up."""
    state.shutter = progress
    if not resting:
        state.left_arm = 120.0 + 35.0 * math.sin(elapsed * 1.1)
        state.right_arm = 120.0 - 35.0 * math.sin(elapsed * 1.1)


def _walking(scene: Scene, state: State, progress: float, elapsed: int, resting: bool) -> None:
    """He walks from one side to the other."""
    _walk(state, scene.near, scene.far, progress)
    state.left_arm, state.right_arm = 8.0 + 14.0 * abs(state.stride), 8.0 + 14.0 * abs(state.stride)


def _waving(scene: Scene, state: State, progress: float, elapsed: int, resting: bool) -> None:
    """He waves one raised hand."""
    if not resting:
        state.right_arm = 145.0 + 25.0 * math.sin(elapsed * 1.3)


def _jumping(scene: Scene, state: State, progress: float, elapsed: int, resting: bool) -> None:
    """He jumps on the spot, once or several times."""
    phase = elapsed % (scene.jump_frames + scene.jump_pause) / scene.jump_frames
    if not resting and phase < 1:
        state.lift = 15.0 * math.sin(math.pi * phase)
        state.left_arm = state.right_arm = 8.0 + 40.0 * math.sin(math.pi * phase)


SCRIPTS: dict[str, Callable[[Scene, State, float, int, bool], None]] = {
    "loading": _loading,
    "entering": _entering,
    "raising": _raising,
    "walking left": _walking,
    "waving": _waving,
    "jumping": _jumping,
}
"""Activity -> its script."""
