"""Abstract scenes: fog, bodies with media, blur and a lens in a share of them."""

from render.procedural import abstract
from tests.procedural_samples import shapes


def test_a_share_has_fog_bodies_with_media_blur_and_a_lens():
    found = [abstract.scene(seed) for seed in range(24)]
    foggy = [scene for scene in found if "fog" in scene]
    media = [scene for scene in found if any("interior" in mesh for mesh in shapes(scene))]
    lens = [scene for scene in found if scene["sensor"]["type"] == "thinlens"]
    smeared = [scene for scene in found if any("smeared" in key for key in scene)]
    for share, wanted in ((foggy, 0.14), (media, 0.24), (lens, 0.4), (smeared, 0.4)):
        assert 0.3 * wanted < len(share) / len(found) < 2 * wanted
    for scene in found:
        assert scene["integrator"]["type"] == (
            "volpath" if any("interior" in mesh for mesh in shapes(scene)) else "path"
        )
    for scene in foggy:
        assert scene["sensor"]["medium"] == scene["fog_shell"]["interior"] == {"type": "ref", "id": "fog"}
