"""Store and forward, used by both ends: MQTT transport, broker, identity, outbox, inbox, relay and hub."""
