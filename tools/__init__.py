"""What developers of the project run: demos, references, scenes, benchmarks. Not installed."""
