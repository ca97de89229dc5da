"""nexo Retailer messages as a terminal says them, written from the device reference a second time."""

import datetime as dt
import json
from decimal import Decimal
from typing import Any

MAX_MESSAGE_BYTES = 1 << 18

Message = dict[str, Any]


def cut(buffer: bytearray) -> list[bytes]:
    """Take whole messages out of ``buffer``.

    Raises:
        ValueError: a length that no message has.
    """
    found = []
    while len(buffer) >= 4:
        size = int.from_bytes(buffer[:4], "big")
        if size > MAX_MESSAGE_BYTES:
            raise ValueError(f"a message of {size} bytes")
        if len(buffer) < 4 + size:
            break
        found.append(bytes(buffer[4 : 4 + size]))
        del buffer[: 4 + size]
    return found


def framed(message: Message) -> bytes:
    """Return a message as it goes over the wire; amounts are written digit by digit."""
    body = json.dumps(message, ensure_ascii=False, default=_plain).replace('"<', "").replace('>"', "").encode()
    return len(body).to_bytes(4, "big") + body


def money(minor: int) -> str:
    """Return an amount that ``framed`` writes as a JSON number."""
    return f"<{minor // 100}.{minor % 100:02d}>"


def minor(amount: Any) -> int:
    """Return an amount's minor units."""
    return int(Decimal(str(amount)).scaleb(2))


def response(request: Message, category: str, body: Message) -> Message:
    """Return the answer to ``request``."""
    header = {**request["MessageHeader"], "MessageType": "Response"}
    return {"SaleToPOIResponse": {"MessageHeader": header, f"{category}Response": body}}


def result(condition: str = "", said: str = "") -> Message:
    """Return the ``Response`` of an answer: success, or why not."""
    if not condition:
        return {"Result": "Success"}
    return {"Result": "Failure", "ErrorCondition": condition, "AdditionalResponse": said}


def approved(number: str, amount_minor: int, at: dt.datetime, card: str, brand: str) -> Message:
    """Return a payment that went well, with the shopper's receipt."""
    lines = ["银联 UnionPay", card, f"RMB {amount_minor // 100}.{amount_minor % 100:02d}", f"REF {number}"]
    content = {"OutputFormat": "Text", "OutputText": [{"Text": line} for line in lines]}
    return {
        "Response": result(),
        "POIData": {"POITransactionID": {"TransactionID": number, "TimeStamp": at}},
        "PaymentResult": {
            "PaymentInstrumentData": {
                "PaymentInstrumentType": "Card",
                "CardData": {"MaskedPan": card, "PaymentBrand": brand},
            },
            "AmountsResp": {"Currency": "CNY", "AuthorizedAmount": money(amount_minor)},
        },
        "PaymentReceipt": [{"DocumentQualifier": "CustomerReceipt", "OutputContent": content}],
    }


def _plain(value: Any) -> str:
    return value.isoformat() if isinstance(value, dt.datetime) else str(value)
