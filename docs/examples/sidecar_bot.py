#!/usr/bin/env python3
"""A bot that owns its chats and leaves onboarding and follow-up to nudge.

It hands every update to nudge first. Where nudge says handled, it has answered by itself, with the same bot token;
else the bot goes on as it always did. Here updates are lines of JSON on standard input, in the place of whatever
library receives yours. Nothing but Python's standard library is needed.

    NUDGE_URL=http://127.0.0.1:8080 NUDGE_KEY=… python3 sidecar_bot.py < updates.jsonl
"""

import json
import os
import sys
import urllib.error
import urllib.request

URL = os.environ.get("NUDGE_URL", "http://127.0.0.1:8080")
KEY = os.environ["NUDGE_KEY"]


def call(path, body, once=None):
    """Posts to nudge. With the same `once` it is done once, however often it is called."""
    headers = {"Content-Type": "application/json", "X-API-Key": KEY}
    if once:
        headers["Idempotency-Key"] = once
    request = urllib.request.Request(URL + path, json.dumps(body).encode(), headers)
    with urllib.request.urlopen(request, timeout=30) as answer:
        return json.load(answer)


def who(chat_id):
    return {"channel": "telegram", "identity": str(chat_id)}


def on_update(update):
    """True: nudge has answered. When nudge cannot be reached the bot goes on alone."""
    try:
        return call("/api/telegram/updates", update)["handled"]
    except (urllib.error.URLError, TimeoutError) as reason:
        print(f"nudge did not take update {update.get('update_id')}: {reason}", file=sys.stderr)
        return False


def bought(chat_id, order, amount):
    """What only the bot knows becomes an event, with its revenue."""
    return call(
        "/api/events",
        {**who(chat_id), "event": "Order Completed", "revenue": amount, "properties": {"order": order}},
        once=order,
    )


def answer_myself(update):
    text = update.get("message", {}).get("text", "")
    if text.startswith("/buy "):
        order = f"order-{update['update_id']}"
        bought(update["message"]["chat"]["id"], order, float(text[5:]))
        return f"sold {order}"
    return "mine"


def main():
    for line in sys.stdin:
        update = json.loads(line)
        print("nudge" if on_update(update) else answer_myself(update), flush=True)


if __name__ == "__main__":
    main()
