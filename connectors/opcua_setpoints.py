"""Set-points in our OPC UA server: a writable variable each, and a method `Write(tag, value)` that says why not."""

# asyncua types its generated structures as wrappers of int and str, and re-exports without saying so.
# pyright: reportArgumentType=false, reportPrivateImportUsage=false, reportAttributeAccessIssue=false
from __future__ import annotations

from typing import Any

from asyncua import ua

from connectors.opcua_guard import CALLER, Session
from connectors.texts import say
from connectors.writes import Desk, Refused

CODES = {
    "unknown": ua.StatusCodes.BadNodeIdUnknown,
    "readonly": ua.StatusCodes.BadNotWritable,
    "type": ua.StatusCodes.BadTypeMismatch,
    "range": ua.StatusCodes.BadOutOfRange,
    "failed": ua.StatusCodes.BadInternalError,
}
WAY = "OPC UA"


class Writes:
    """What clients write, brought to the desk."""

    def __init__(self, desk: Desk, namespace: int) -> None:
        self._desk, self._namespace = desk, namespace

    async def on_write(self, session: Session, wanted: ua.WriteValue) -> ua.StatusCode:
        """Judge one value of a write request."""
        node = wanted.NodeId
        if node.NamespaceIndex != self._namespace or not isinstance(node.Identifier, str):
            return ua.StatusCode(ua.StatusCodes.BadNotWritable)
        if wanted.AttributeId != ua.AttributeIds.Value or wanted.IndexRange:
            return ua.StatusCode(ua.StatusCodes.BadNotWritable)
        data = wanted.Value
        if data.StatusCode is not None and not data.StatusCode.is_good():
            return ua.StatusCode(ua.StatusCodes.BadWriteNotSupported)
        value = None if data.Value is None else data.Value.Value
        return _code(self._desk.ask(node.Identifier, value, WAY, session.who))

    async def on_call(self, parent: ua.NodeId, *arguments: ua.Variant) -> ua.CallMethodResult:
        """The method: a tag's name and a value; the answer is a sentence, '' when it was taken."""
        result = ua.CallMethodResult()
        if len(arguments) != len(INPUTS):
            missing = len(arguments) < len(INPUTS)
            result.StatusCode = ua.StatusCode(
                ua.StatusCodes.BadArgumentsMissing if missing else ua.StatusCodes.BadTooManyArguments
            )
            return result
        tag, value = (argument.Value for argument in arguments)
        refused = self._desk.ask(str(tag), value, say("OPC UA method"), CALLER.get().who)
        result.StatusCode = _code(refused)
        result.OutputArguments = [ua.Variant("" if refused is None else refused.sentence, ua.VariantType.String)]
        return result


def _code(refused: Refused | None) -> ua.StatusCode:
    return ua.StatusCode(ua.StatusCodes.Good if refused is None else CODES[refused.kind])


def _argument(name: str, kind: Any, text: str) -> ua.Argument:
    return ua.Argument(name, ua.NodeId(kind), -1, [], ua.LocalizedText(text))


INPUTS = [
    _argument("Tag", ua.ObjectIds.String, "Path of the set-point"),
    _argument("Value", ua.ObjectIds.Double, "In its unit"),
]
OUTPUTS = [_argument("Refused", ua.ObjectIds.String, "Why it was not taken; empty when it was")]
