"""What `make_scenes.py` builds scenes from, beside the kit of render/procedural: rooms, materials, the scene file."""
