"""What the families of procedural scenes are made of: meshes, patterns, textures, materials, lights, cameras."""
