"""When a page of the laboratory has come to rest: from then on only what somebody does changes it."""

from typing import Any

HEARD = r"""window.heard = new Set();
const send = WebSocket.prototype.send;
WebSocket.prototype.send = function (frame) {
  const found = /"id":(\d+).*\\"heard\\":/.exec(frame);
  if (found) heard.add(found[1]);
  return send.call(this, frame);
};"""
"""Script of a page: the parts that have said that they took what was sent to them."""

SETTLED = """() => {
  const places = [...document.querySelectorAll(".lab section")], parts = document.querySelectorAll(".lab .tl");
  const isThere = (place) => place.querySelector(".tl, :scope > [role=status]"); // a part, or why there is none
  return places.length && places.every(isThere) && heard.size === parts.length;
}"""


def settle(page: Any) -> None:
    """Wait until every part is drawn and has taken its first news, which would draw it anew under whoever uses it."""
    page.wait_for_function(SETTLED)
