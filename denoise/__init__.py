"""From a noisy frame to a clean one: the network, its training and the frames around it."""
