"""The peer of the uplink: raw paho, QoS 1, one fact per message, window 20, one publisher and one subscriber process."""

import os
import subprocess
import sys
import time

import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion

TOPIC = "bench/facts"
WINDOW = 20
"""paho's own default of messages in flight."""


def _client(name: str) -> mqtt.Client:
    client = mqtt.Client(CallbackAPIVersion.VERSION2, client_id=name)
    client.max_inflight_messages_set(WINDOW)
    return client


def _subscribe(port: int, facts: int) -> None:
    """Print ``ready`` when subscribed and ``done`` when ``facts`` messages have come."""
    seen = 0

    def on_message(client: mqtt.Client, _data: object, _message: mqtt.MQTTMessage) -> None:
        nonlocal seen
        seen += 1
        if seen == facts:
            print("done", flush=True)
            client.disconnect()

    client = _client("bench-sub")
    client.on_connect = lambda c, *_: c.subscribe(TOPIC, qos=1) and None
    client.on_subscribe = lambda *_: print("ready", flush=True)
    client.on_message = on_message
    client.connect("127.0.0.1", port)
    client.loop_forever()


def _publish(port: int, facts: int, size: int) -> None:
    """Publish ``facts`` messages of ``size`` bytes and wait for the last PUBACK."""
    client = _client("bench-pub")
    client.connect("127.0.0.1", port)
    client.loop_start()
    body = os.urandom(size // 2).hex().encode()
    infos = [client.publish(TOPIC, b"%08d" % n + body[8:], qos=1) for n in range(facts)]
    infos[-1].wait_for_publish(120)
    client.disconnect()
    client.loop_stop()


def rate(port: int, facts: int, size: int) -> float:
    """Return facts/s from the first publish to the last one received, through the plain broker on ``port``."""
    command = [sys.executable, "-m", "benchmarks.raw_mqtt"]
    subscriber = subprocess.Popen([*command, "sub", str(port), str(facts)], stdout=subprocess.PIPE, text=True)
    with subscriber:
        assert subscriber.stdout is not None
        assert subscriber.stdout.readline().strip() == "ready"
        started = time.perf_counter()
        with subprocess.Popen([*command, "pub", str(port), str(facts), str(size)]):
            assert subscriber.stdout.readline().strip() == "done"
            return facts / (time.perf_counter() - started)


if __name__ == "__main__":
    if sys.argv[1] == "sub":
        _subscribe(int(sys.argv[2]), int(sys.argv[3]))
    else:
        _publish(int(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4]))
