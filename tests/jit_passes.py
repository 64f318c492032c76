"""Renders of the tiny scene in the llvm variant, for test_render_jit.py; prints nothing, writes arrays.

    python tests/jit_passes.py libLLVM.so SCENE_WITH_A_BROKEN_LAMP.xml SCENE_WITH_A_PRINCIPAL_POINT.xml OUT.npz

In a process of its own: Dr.Jit takes its libLLVM when it is imported, and keeps it.
"""

import sys
from pathlib import Path

import numpy as np

from render import backend
from render.backend import Scene, start
from render.moments import finish
from render.variants import Choice
from render.window import Window

TINY = Path(__file__).parent / "data" / "tiny.xml"
PANES = TINY.with_name("panes.xml")
#: Meshes with two lamps among them.
LAMPS = TINY.parents[2] / "scenes" / "kitchen.xml"


def main(library: str, broken: str, off_centre: str, out: str) -> None:
    start(Choice("llvm_ad_rgb", library, ""))
    arrays = {}

    def keep(name, planes):
        arrays.update({f"{name}.{plane}": pixels for plane, pixels in planes.items()})

    scene = Scene(TINY, samplers=("independent", "multijitter"))
    other = Scene(TINY, samplers=("multijitter", "independent"))
    for sampler in scene.samplers:
        keep(sampler, scene.render(scene.camera, sampler, 4, 7).planes)
        keep(f"{sampler} of another order", other.render(other.camera, sampler, 4, 7).planes)
    keep("another seed", scene.render(scene.camera, "independent", 4, 8).planes)
    keep("one sample", scene.render(scene.camera, "independent", 1, 7).planes)

    backend._CHUNK["llvm_ad_rgb"] = 4 * 37 * 10 + 3  # ten rows, ten rows, three
    for name in ("runs", "runs again"):
        keep(name, scene.render(scene.camera, "independent", 4, 7).planes)

    scene._integrator = scene._wrapped()
    for sampler, sensor in scene._sensors.items():
        keep(f"mitsuba's {sampler}", finish(scene._film(sensor, 4, 7), 4, scene.size)[0])

    origins, directions = np.tile([[0.0, 0.0, 3.9]], (3, 1)), np.array([[0.0, 0, -1], [0, 0, 1], [0, 1, 0]])
    arrays["distance"], arrays["facing"] = scene.cast(origins, directions)

    lamp = Scene(broken)
    result = lamp.render(lamp.camera, "independent", 8, 1)
    keep("broken lamp", result.planes)
    arrays["nonfinite"] = result.nonfinite

    panes = Scene(PANES)
    for name, spp, seed, aux in (
        ("panes", 16, 1, "follow"),
        ("panes by default", 16, 1, None),
        ("panes, first hit", 16, 1, "first-hit"),
        ("panes, one sample", 1, 1, "follow"),
        ("panes, another sample", 1, 2, "follow"),
    ):
        keep(name, panes.render(panes.camera, "independent", spp, seed, None, aux).planes)
    window = Window((90, 30), (20, 10), (35, 11))
    keep("crop", panes.render(panes.camera, "independent", 16, 1, window).planes)
    keep("panes after a crop", panes.render(panes.camera, "independent", 16, 1).planes)
    import drjit as dr

    from render import features  # imports drjit, which had to wait for `start`

    dr.set_flag(dr.JitFlag.KernelHistory, True)
    windows = [Window((90, 30), (20, 10), (35, 11)), Window((70, 40), (20, 10), (3, 5)), Window((20, 10), (20, 10))]
    kernels = []
    for number, window in enumerate(windows):
        dr.kernel_history_clear()
        keep(f"window {number}", panes.render(panes.camera, "independent", 16, 1, window).planes)
        kernels.append([kernel["hash"] for kernel in dr.kernel_history() if kernel["type"] == dr.KernelType.JIT][-1])
    dr.set_flag(dr.JitFlag.KernelHistory, False)
    for number, window in enumerate(windows):
        anew = Scene(PANES)
        keep(f"window {number} anew", anew.render(anew.camera, "independent", 16, 1, window).planes)
    arrays["kernels"] = kernels
    scene = Scene(off_centre)
    keep("off centre", scene.render(scene.camera, "independent", 16, 1).planes)
    keep("off centre, crop", scene.render(scene.camera, "independent", 16, 1, windows[0]).planes)

    features._DEPTH = 1
    keep("panes, one surface", panes.render(panes.camera, "independent", 16, 1, None, "follow").planes)

    lamps = [Scene(LAMPS, (24, 18)) for _ in range(6)]
    for number, scene in enumerate(lamps):
        keep(f"lamps {number}", scene.render(scene.camera, "independent", 1, 1).planes)
    np.savez(out, **arrays)


if __name__ == "__main__":
    main(*sys.argv[1:])
