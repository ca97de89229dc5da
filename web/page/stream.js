// Server-sent events, read by hand and not by EventSource: that one sends no token, and does not notice a server that hangs without hanging up.
// Ours say something every 15 s at most, if only that they are still there.

// Yields [name, told] of each event of a response's body; ends when the server does, or has said nothing for `silentMs`.
export async function* events(body, silentMs) {
  const reader = body.pipeThrough(new TextDecoderStream()).getReader();
  const hangUp = () => reader.cancel().catch(() => {});
  let rest = "";
  let silent;
  try {
    for (;;) {
      silent = setTimeout(hangUp, silentMs);
      const { done, value } = await reader.read();
      clearTimeout(silent);
      if (done) return;
      const parts = (rest + value).split("\n\n");
      rest = parts.pop();
      for (const part of parts) {
        const found = /^(?:event: (\w+)\n)?data: (.*)$/.exec(part);
        if (found) yield [found[1] ?? "message", JSON.parse(found[2])];
      }
    }
  } finally {
    clearTimeout(silent);
    hangUp();
  }
}
