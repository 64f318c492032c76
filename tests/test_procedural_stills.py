"""Still lifes: liquids that are traced as volumes."""

from render.procedural import stills
from tests.procedural_samples import shapes


def test_clouded_liquids_are_traced_as_volumes():
    for seed in range(200):
        scene = stills.scene(seed)
        assert scene["integrator"]["type"] == ("volpath" if "tea" in scene else "path")
        sides = {key for mesh in shapes(scene) for key in mesh if key in ("interior", "exterior")}
        if sides:
            break
    assert sides == {"interior", "exterior"}
