"""Rules for nets that look at pictures: ultralytics, anomalib, detectors with named outputs, classifiers."""

from __future__ import annotations

import ast
import json
from collections.abc import Mapping
from typing import Any

from connectors.errors import InputError
from connectors.texts import say
from edge.boxes import CONFIDENCE, IOU
from edge.feeding import COLOURS, FITS
from edge.reading import LABEL_DECODES
from testbed.adding.answers import above, names, numbers, one_of, size
from testbed.adding.draft import Draft
from testbed.adding.graph import Port
from testbed.adding.probe import probed

IMAGENET = {"mean": [0.485, 0.456, 0.406], "std": [0.229, 0.224, 0.225]}  # what timm and torchvision train with
ANOMALIB = {"pred_score": "score", "anomaly_map": "map"}
PROBE = 256  # px of a trial picture, anomalib's own usual size
EVEN = 0.5  # anomalib's normalised scores have their threshold there


def is_picture(port: Port) -> bool:
    """Whether a port takes pictures: four axes, one of them 1 or 3 colours."""
    return len(port.shape) == 4 and bool({1, 3} & {port.shape[1], port.shape[3]})


def picture(
    draft: Draft, port: Port, usual: Mapping[str, Any], any_size: bool = False, fit: str = "stretch", props: Any = None
) -> dict[str, Any]:
    """The input of pictures, with `usual` mean and std; asks for a size that the graph leaves open."""
    first, last = (port.shape[axis] in (1, 3) for axis in (1, 3))
    layout = "NCHW" if first else "NHWC"
    if first and last:
        layout = draft.known("layout", say("Does '{name}' take colours first or last? Say --set layout=NCHW or NHWC.",
                                           name=port.name), one_of("NCHW", "NHWC")) or layout  # fmt: skip
    height, width = port.shape[2:] if layout == "NCHW" else port.shape[1:3]
    colours = port.shape[1] if layout == "NCHW" else port.shape[3]
    sizes = [n for n in (height, width) if isinstance(n, int)]
    wanted = sizes if len(sizes) == 2 else draft.answers.get("size", size) or props
    if wanted is None and not any_size:
        wanted = draft.known("size", say("Which size of picture was it trained on? Say --set size=HEIGHTxWIDTH."), size)
    in_bytes = port.type == "tensor(uint8)"
    entry: dict[str, Any] = {
        "name": port.name, "kind": "image", "layout": layout, "size": wanted,
        "colour": "grey" if colours == 1 else draft.assume("colour", "rgb", one_of(*COLOURS)),
        "fit": draft.answers.get("fit", one_of(*FITS)) or fit,
        "scale": draft.answers.get("scale", above) or (1.0 if in_bytes else round(1 / 255, 9)),
    }  # fmt: skip
    for key, value in usual.items():
        entry[key] = draft.assume(key, value if colours == 3 else [sum(value) / len(value)], numbers)
    draft.inputs.append(entry)
    return entry


def ultralytics(draft: Draft) -> dict[str, Any] | None:
    """YOLO files say their task and classes in their metadata."""
    props, fed = draft.graph.props, draft.fed
    if "task" not in props or "names" not in props or len(fed) != 1 or not is_picture(fed[0]):
        return None
    labels = [str(name) for _, name in sorted(_literal(props["names"]).items())]
    sizes = _literal(props.get("imgsz", "null")) or None
    task, out = props["task"], draft.graph.outputs[0]
    if task == "classify":
        picture(draft, fed[0], {}, props=sizes)
        draft.classes(out.name, "shares", labels, must_alarm=False)
        return draft.card("ultralytics", "classify", "surface")
    if task not in ("detect", "segment"):
        raise InputError(
            say("{name} is of ultralytics' task '{task}'; detect, segment and classify can be run.",
                name=draft.graph.name, task=task)
        )  # fmt: skip
    picture(draft, fed[0], {}, fit="letterbox", props=sizes)
    decode = yolo_decode(out.shape, len(labels))
    draft.outputs.append({"name": out.name, "role": "boxes", "decode": decode})
    boxes_settings(draft, labels)
    if task == "segment":
        draft.told.append(say("its boxes are read, its masks are not"))
    return draft.card("ultralytics", "detect", "surface")


def yolo_decode(shape: tuple[Any, ...], classes: int) -> str:
    """How a YOLO output is laid out; one with double boxes taken out has rows of six."""
    if shape[-1] == 6 or (isinstance(shape[-1], int) and shape[-1] == 38):
        return "rows"
    return "yolo5" if shape[-1] == 5 + classes else "yolo"


def boxes_settings(draft: Draft, labels: list[str]) -> None:
    """Classes, the confidence from which a box counts, and how far boxes may overlap."""
    draft.more["labels"] = labels
    draft.more["confidence"] = draft.assume("confidence", CONFIDENCE, above)
    draft.more["iou"] = draft.assume("iou", IOU, above)
    if normal := draft.answers.get("normal", names):
        draft.more["harmless"] = normal


def _literal(text: str) -> Any:
    """A Python literal, as ultralytics writes its metadata; never evaluated."""
    try:
        found = ast.literal_eval(text)
    except (ValueError, SyntaxError):
        return None if text in ("null", "") else {}
    return dict(enumerate(found)) if isinstance(found, list) and found and isinstance(found[0], str) else found


def anomalib(draft: Draft) -> dict[str, Any] | None:
    """Anomalib files hold resizing and scaling in the graph and give normalised scores, with 0.5 as the threshold."""
    given, fed = {port.name for port in draft.graph.outputs}, draft.fed
    if not given >= set(ANOMALIB) or len(fed) != 1 or not is_picture(fed[0]):
        return None
    picture(draft, fed[0], {}, any_size=True)
    raw = probed(draft, PROBE).get("pred_score")
    if raw is not None and not 0 <= float(raw.reshape(-1)[0]) <= 1:  # exported before it was trained to the end
        draft.told.append(say("its scores are not normalised: {score} for zeros", score=f"{raw.reshape(-1)[0]:.3g}"))
        by = draft.level("pred_score")
    else:
        by = {"gain": 1 / EVEN, "offset": 0.0}
        draft.told.append(say("its scaling is in the graph; a score of 0.5 is its threshold"))
    draft.outputs += [{"name": name, "role": role, **by} for name, role in ANOMALIB.items()]
    return draft.card("anomalib", "anomaly.image", "surface")


def named_boxes(draft: Draft) -> dict[str, Any] | None:
    """Detectors that give boxes, scores and labels by these names, as torchvision's, RT-DETR's and D-FINE's do."""
    given, fed = {port.name for port in draft.graph.outputs}, draft.fed
    if not given >= {"boxes", "scores", "labels"}:
        return None
    sizes = next((port for port in fed if port.name in ("orig_target_sizes", "orig_size", "target_sizes")), None)
    pictures = [port for port in fed if port is not sizes]
    if len(pictures) != 1 or not is_picture(pictures[0]):
        return None
    entry = picture(draft, pictures[0], {})
    if sizes is not None and entry["size"]:
        draft.constants[sizes.name] = [entry["size"][::-1]]
    found = draft.known("labels", say("Which classes does it find, in its order? Say --set labels=NAME,NAME,… or a "
                                      ".txt file with one a line."), names)  # fmt: skip
    draft.outputs.append({"name": "boxes", "role": "boxes", "decode": "rows", "scores": "scores", "labels": "labels"})
    boxes_settings(draft, found or [])
    return draft.card("detector", "detect", "surface")


def classifier(draft: Draft) -> dict[str, Any] | None:
    """One picture in, one row of numbers out: a classifier of timm's or torchvision's kind."""
    fed, outputs = draft.fed, draft.graph.outputs
    if len(fed) != 1 or not is_picture(fed[0]) or len(outputs) != 1 or len(outputs[0].shape) != 2:
        return None
    count = outputs[0].shape[1]
    if not isinstance(count, int) or count < 2 or any(draft.role(name) for name in ("score", "map", "boxes")):
        return None
    picture(draft, fed[0], IMAGENET)
    labels = labels_of(draft.graph.props, count) or draft.known(
        "labels", say("Which {n} classes does '{name}' give, in its order? Say --set labels=NAME,NAME,… or a .txt file "
                      "with one a line.", n=count, name=outputs[0].name), names,
    )  # fmt: skip
    if labels is not None and len(labels) != count:
        raise InputError(say("'{name}' gives {n} classes, but labels names {got}.",
                             name=outputs[0].name, n=count, got=len(labels)))  # fmt: skip
    decode = "shares" if _ends_in_shares(draft) else "logits"
    draft.classes(outputs[0].name, draft.answers.get("decode", one_of(*LABEL_DECODES)) or decode, labels or [], False)
    return draft.card("classifier", "classify", "surface")


def _ends_in_shares(draft: Draft) -> bool:
    """Whether the last operator is a softmax."""
    last = draft.graph.outputs[0].name
    return any(last in node.output and node.op_type in ("Softmax", "Sigmoid") for node in draft.graph.nodes())


def labels_of(props: Mapping[str, str], count: int) -> list[str] | None:
    """Class names in a file's metadata, under the keys that exporters use."""
    for key in ("labels", "names", "classes", "class_names", "id2label", "label_names"):
        if key not in props:
            continue
        try:
            found = json.loads(props[key])
        except ValueError:
            found = _literal(props[key]) or [part.strip() for part in props[key].replace("\n", ",").split(",")]
        if isinstance(found, dict):
            found = [name for _, name in sorted(found.items(), key=lambda item: int(item[0]))]
        if isinstance(found, list) and len(found) == count:
            return [str(name) for name in found]
    return None
