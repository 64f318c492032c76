"""From a scene to independent noisy passes: the `render-pairs` command and what it stands on."""
