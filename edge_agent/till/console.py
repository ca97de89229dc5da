"""The text till: reads a line, asks the agent, shows the answer. It holds no rule and no state of its own."""

from collections.abc import Callable, Iterable
from typing import Any

from domain.errors import DomainError
from domain.money import Language, format_minor
from domain.quantity import format_quantity
from edge_agent.control import ControlClient
from edge_agent.texts import Texts, how, refusal
from edge_agent.till.words import ask_of

Answer = dict[str, Any]
Ask = dict[str, Any]


class Console:
    """One conversation of a cashier with the agent."""

    def __init__(self, client: ControlClient, texts: Texts, lang: Language, say: Callable[[str], None]) -> None:
        """Keep who talks to whom.

        Args:
            client: connected to the agent.
            texts: the cashier's language.
            lang: the same, for money.
            say: writes one or more lines.
        """
        self._client, self._texts, self._lang, self._say = client, texts, lang, say
        self._currency = "CNY"

    def run(self, typed: Iterable[str]) -> None:
        """Serve until ``quit`` or the end of input.

        Raises:
            AgentNotRunning: the agent ended.
        """
        self._begin()
        for line in typed:
            word = line.strip().lower()
            if word in ("quit", "exit"):
                return
            if word == "help":
                self._say(self._texts["till.help"])
            elif word:
                self._take(line)

    def _begin(self) -> None:
        status = self._client.ask(do="status")["ok"]
        self._currency = status["basket"].get("currency") or status["currency"]
        self._say(self._texts["till.welcome"].format(lane=status["lane"], store=status["store_name"]))
        self._show_basket(status["basket"])
        if unprinted := status["basket"]["unprinted"]:
            self._again(unprinted, status["basket"]["print"])

    def _take(self, line: str) -> None:
        try:
            ask = ask_of(line, self._currency)
        except DomainError as error:
            self._refuse(type(error).__name__, vars(error), str(error))
            return
        except ValueError:
            self._say(self._texts["till.unknown_word"].format(word=line.strip()))
            return
        answer = self._client.ask(**ask)
        if "ok" in answer:
            self._show(ask, answer["ok"])
        else:
            self._refuse(answer["error"], answer["values"], answer["message"])

    def _refuse(self, error: str, values: Answer, message: str) -> None:
        self._say(f"! {refusal(self._texts, self._lang, error, values, message, self._currency)}")

    def _show(self, ask: Ask, said: Answer) -> None:
        match said.get("state"), ask["do"]:
            case "sold", "last":
                self._again(said, said["print"] or "printed")
            case "sold", _:
                change = self._money(said["change_minor"])
                self._say(
                    self._texts["till.sold"].format(
                        receipt=said["receipt"], total=self._money(said["total_minor"]), change=change
                    )
                )
            case _, "reprint":
                self._say(self._texts["till.reprinting"].format(receipt=said["receipt_no"]))
            case _, "status":
                self._show_status(said)
            case _, "zero" | "tare":
                grams = said["weight_g"]
                self._say(self._texts["till.scale"].format(weight="—" if grams is None else f"{grams / 1000:.3f}"))
            case _, "drawer" | "open_drawer":
                self._say(self._texts[_drawer(said)].format(device=said["device_id"]))
            case _, "recover_printer":
                self._say(self._texts["till.recovered"].format(device=said["device_id"], fault=said["fault"]).rstrip())
            case _, "close_day":
                text = self._texts["till.closed"]
                self._say(
                    text.format(date=said["business_date"], sales=said["sales"], total=self._money(said["total_minor"]))
                )
            case "closed", _:
                self._say(self._texts["till.cancelled"])
            case _:
                self._show_basket(said)

    def _show_status(self, said: Answer) -> None:
        waiting = said["stream"]["top"] - said["stream"]["acked"]
        link = self._texts[f"link.{said['link']['state']}"]
        self._say(self._texts["till.link"].format(state=link, waiting=waiting))
        for name, state in said["devices"].items():
            self._say(f"  {name}: {how(state, self._texts)}")

    def _show_basket(self, basket: Answer) -> None:
        lines = basket["lines"]
        if not lines:
            self._say(self._texts["till.empty"])
            return
        self._say("\n".join(self._line(line) for line in lines))
        self._say(self._texts["till.sum"].format(count=len(lines), total=self._money(basket["total_minor"])))
        if basket["state"] == "tendering":
            self._say(self._texts["till.due"].format(total=self._money(basket["due_minor"])))

    def _line(self, line: Answer) -> str:
        return self._texts["till.line"].format(
            no=line["no"],
            name=line.get("name") or line["sku"],
            quantity=format_quantity(line["quantity_milli"]),
            price=self._money(line["unit_price_minor"]),
            amount=self._money(line["net_minor"]),
        )

    def _again(self, sale: Answer, state: str) -> None:
        text = self._texts["till.again" if state in ("unknown", "failed") else "till.last"]
        self._say(
            text.format(
                receipt=sale["receipt"], total=self._money(sale["total_minor"]), state=self._texts[f"state.{state}"]
            )
        )

    def _money(self, minor: int) -> str:
        return format_minor(minor, self._currency, self._lang)


def _drawer(said: Answer) -> str:
    """Return which text says how the drawer stands: told to open, or asked."""
    if "pulsed" in said:
        return "till.drawer_pulsed" if said["pulsed"] else "till.drawer_just_pulsed"
    return {True: "till.drawer_open", False: "till.drawer_closed", None: "till.drawer_unknown"}[said["open"]]
