"""A parsed scene before it is made: its integrator, sensor, film and sampler exchanged for ours.

Works on Mitsuba's parsed nodes rather than on the XML text, so that defaults, includes, references, old format
versions and paths relative to the file keep their meaning. The mitsuba module comes as an argument: only backend.py
and features.py import it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

#: Integrators that add channels to another one; ours take their place.
_WRAPPERS = ("aov", "moment")


class Nodes:
    """The nodes of a parsed scene, by index: adding one moves the others, so none may be held on to."""

    def __init__(self, mi: Any, state: Any) -> None:
        self.mi, self.state = mi, state

    def root(self) -> int:
        """Index of the scene's own node."""
        return next(i for i, node in enumerate(self.state.nodes) if node.type == self.mi.ObjectType.Scene)

    def props(self, index: int) -> Any:
        """A node's properties, for reading and changing at once."""
        return self.state.nodes[index].props

    def children(self, index: int, kind: Any) -> dict[str, int]:
        """A node's children of an `mi.ObjectType`: property name to node index."""
        props = self.props(index)
        found = {}
        for key in props.keys():
            if props.type(key) == self.mi.Properties.Type.ResolvedReference:
                child = props[key].index()
                if self.state.nodes[child].type == kind:
                    found[key] = child
        return found

    def add(self, parent: int, name: str, kind: Any, props: Any) -> int:
        """A new node as a child; returns its index."""
        node = self.mi.parser.SceneNode()
        node.type, node.props = kind, props
        self.state.nodes.append(node)
        index = len(self.state.nodes) - 1
        self.props(parent)[name] = self.mi.Properties.ResolvedReference(index)
        return index


def edit_integrator(nodes: Nodes, max_depth: int | None) -> int:
    """Replace a scene's own `aov` or `moment` by what it wraps, and set the longest path.

    Returns:
        The longest path, -1 for unlimited.

    Raises:
        LookupError: a wrapper with nothing inside.
    """
    root, kind = nodes.root(), nodes.mi.ObjectType.Integrator
    found = nodes.children(root, kind)
    # Mitsuba's own default, made explicit to have a place for max_depth.
    if not found:
        found = {"integrator": nodes.add(root, "integrator", kind, nodes.mi.Properties("path"))}
    key, index = next(iter(found.items()))
    while nodes.props(index).plugin_name() in _WRAPPERS:
        inner = list(nodes.children(index, kind).values())
        if not inner:
            raise LookupError(f"its {nodes.props(index).plugin_name()} integrator has none inside")
        index = inner[0]
        nodes.props(root)[key] = nodes.mi.Properties.ResolvedReference(index)
    if max_depth is not None:
        nodes.props(index)["max_depth"] = max_depth
    return int(nodes.props(index).get("max_depth", -1))


def edit_sensor(nodes: Nodes, size: tuple[int, int] | None, samplers: Sequence[str]) -> tuple[int, int]:
    """Replace the scene's sensors by its first one, once for each sampler, with our film.

    Args:
        nodes: of the scene.
        size: width and height; None takes the scene's.
        samplers: plugin names.

    Returns:
        Width and height in pixels.

    Raises:
        LookupError: a scene without a sensor.
    """
    root = nodes.root()
    sensors = nodes.children(root, nodes.mi.ObjectType.Sensor)
    if not sensors:
        raise LookupError("has no sensor; add one, render-pairs takes the first")
    first = next(iter(sensors.values()))
    films = nodes.children(first, nodes.mi.ObjectType.Film)
    if size is None:
        own = nodes.props(next(iter(films.values()))) if films else nodes.mi.Properties("hdrfilm")
        size = int(own.get("width", 768)), int(own.get("height", 576))
    plain = nodes.mi.Properties(nodes.props(first))
    for key in (*films, *nodes.children(first, nodes.mi.ObjectType.Sampler)):
        del plain[key]
    for key in sensors:
        del nodes.props(root)[key]
    for name in samplers:
        sensor = nodes.add(root, f"sensor_{name}", nodes.mi.ObjectType.Sensor, nodes.mi.Properties(plain))
        nodes.add(sensor, "sampler", nodes.mi.ObjectType.Sampler, nodes.mi.Properties(name))
        film_props = nodes.mi.Properties("hdrfilm")
        film_props["width"], film_props["height"] = size
        film_props["pixel_format"], film_props["component_format"] = "rgb", "float32"
        film = nodes.add(sensor, "film", nodes.mi.ObjectType.Film, film_props)
        nodes.add(film, "rfilter", nodes.mi.ObjectType.ReconstructionFilter, nodes.mi.Properties("box"))
    return size
