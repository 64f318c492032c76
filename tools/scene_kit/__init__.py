"""What `make_scenes.py` builds scenes from: meshes, textures, materials, furniture and the scene file itself."""
