"""Charts as SVG inside a page: drawn by Vega-Lite when the page is made, so that the page needs no script and no font.

The one door of vl_convert. Colours are names of the page's style sheet (`var(--bar)`), so that a chart follows the
theme. A chart is as wide as a phone: on a wider screen several stand side by side instead of growing.
"""

import json
from collections.abc import Mapping, Sequence
from itertools import count
from typing import Any
from xml.etree import ElementTree

from markupsafe import Markup

Rows = Sequence[Mapping[str, Any]]
VERSION = "6.4"  # of Vega-Lite: charts change when this line does
WIDTH, BAR = 344, 22  # pixels: of a chart, of one bar with its gap
LETTER, LONGEST = 7.2, 24  # pixels of a letter of a wide font; letters of a name, beyond which it is cut
MOST = 40  # bars of one chart
INKS = ("var(--bar)", "var(--bad)", "var(--rest)")  # of the parts of a stacked bar, in their order
IDLE = ("class", "role", "pointer-events")
SVG = "http://www.w3.org/2000/svg"
_NUMBER = count(1)


def bars(title: str, rows: Rows, unit: str = "rows") -> Markup:
    """One bar for each of `rows` (`label`, `n`), in their order, with its number beside it."""
    return stacked(title, [{"label": row["label"], unit: row["n"]} for row in rows], [unit])


def stacked(title: str, rows: Rows, parts: Sequence[str]) -> Markup:
    """One bar for each of `rows` (`label`, and a number for each of `parts`), its parts side by side."""
    shown = rows[:MOST]
    pieces = [{"row": at, "part": part, "place": place, "n": row[part]}
              for at, row in enumerate(shown) for place, part in enumerate(parts)]
    told = [{"row": at, "end": sum(row[part] for part in parts), "told": " / ".join(f"{row[part]:,}" for part in parts)}
            for at, row in enumerate(shown)]
    top, names = max((row["end"] for row in told), default=0) or 1, _names(shown)
    room = max((len(row["told"]) for row in told), default=1) * LETTER + 8  # beside the longest bar, for its number
    share = room / (WIDTH - names["axis"]["minExtent"])
    length = {"type": "quantitative", "axis": None, "scale": {"nice": False, "domain": [0, top / max(1 - share, 0.2)]}}
    drawn = {"data": {"values": pieces}, "mark": {"type": "bar", "height": {"band": 0.8}}, "encoding": {
        "x": {"field": "n", "stack": True, **length}, "order": {"field": "place", "type": "quantitative"},
        "fill": {"field": "part", "type": "nominal", "legend": None, "scale": {"domain": parts, "range": INKS}}}}
    numbers = {"data": {"values": told}, "mark": {"type": "text", "align": "left", "dx": 4, "fill": "currentColor"},
               "encoding": {"x": {"field": "end", **length}, "text": {"field": "told"}}}
    desc = "; ".join(f"{row['label']}: {', '.join(f'{row[part]:,} {part}' for part in parts)}" for row in shown)
    return _svg(title, desc, {"layer": [drawn, numbers], "encoding": {"y": names}}, len(shown))


def intervals(title: str, rows: Rows) -> Markup:
    """A point with its 95 % interval for each of `rows` (`label`, and `share`, `low`, `high` from 0 to 1)."""
    shown = [{**row, "row": at} for at, row in enumerate(rows[:MOST])]
    axis = {"format": ".2~%", "tickCount": 3, "title": None, "grid": True, "domain": False, "ticks": False,
            "labelFlush": False, "labelOverlap": "greedy", "labelSeparation": 8}
    share = {"type": "quantitative", "axis": axis, "scale": {"domainMin": 0, "nice": True}}
    drawn = [{"mark": {"type": "rule", "stroke": "currentColor", "strokeWidth": 2},
              "encoding": {"x": {"field": "low", **share}, "x2": {"field": "high"}}},
             {"mark": {"type": "point", "fill": "var(--bad)", "stroke": "var(--bad)", "size": 70, "opacity": 1},
              "encoding": {"x": {"field": "share", **share}}}]
    desc = "; ".join(f"{row['label']}: {row['share']:.2%}, from {row['low']:.2%} to {row['high']:.2%}" for row in shown)
    spec = {"data": {"values": shown}, "layer": drawn, "encoding": {"y": _names(shown, gap=12)}}
    return _svg(title, desc, spec, len(shown))


def _names(rows: Rows, gap: int = 6) -> dict[str, Any]:
    """The axis of names. A row is known by its place: two may have one name. Widths are counted, not measured, so that
    the drawing is the same whatever fonts this machine has."""
    names = [str(row["label"]) for row in rows]
    cut = [name if len(name) <= LONGEST else f"{name[:LONGEST - 1]}…" for name in names]
    wide = max(map(len, cut), default=0) * LETTER + gap + 2
    return {"field": "row", "type": "ordinal", "axis": {
        "title": None, "labelExpr": f"{json.dumps(cut)}[datum.value]", "labelLimit": wide, "domain": False,
        "ticks": False, "labelPadding": gap, "minExtent": wide}}


def _svg(title: str, desc: str, spec: Mapping[str, Any], rows: int) -> Markup:
    import vl_convert

    look = {"view": {"stroke": None}, "text": {"fontSize": 12}, "axis": {
        "labelColor": "currentColor", "labelFontSize": 12, "gridColor": "var(--line)"}}
    whole = {"$schema": "https://vega.github.io/schema/vega-lite/v6.json", "width": WIDTH, "height": max(rows, 1) * BAR,
             "autosize": {"type": "fit-x", "contains": "padding"}, "padding": 2, "background": None,
             "config": {**look, "aria": False}, **spec}
    return _named(vl_convert.vegalite_to_svg(whole, vl_version=VERSION), title, desc)


def _named(text: str, title: str, desc: str) -> Markup:
    """The drawing as an image that says what it shows; its description is the data, for who does not see it."""
    ElementTree.register_namespace("", SVG)
    svg, name = ElementTree.fromstring(text), f"chart-{next(_NUMBER)}"
    for node in svg.iter():  # one image: its parts have no roles of their own
        for key in [key for key in node.attrib if key in IDLE or key.startswith("aria")]:
            del node.attrib[key]
    del svg.attrib["width"], svg.attrib["height"]
    svg.attrib.update({"role": "img", "aria-labelledby": f"{name} {name}-data"})
    for tag, body, id in (("desc", desc, f"{name}-data"), ("title", title, name)):
        told = ElementTree.Element(f"{{{SVG}}}{tag}", {"id": id})
        told.text = body
        svg.insert(0, told)
    return Markup(ElementTree.tostring(svg, encoding="unicode"))
