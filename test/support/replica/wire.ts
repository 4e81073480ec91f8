import { once } from 'node:events';
import { createServer, connect, type AddressInfo, type Socket } from 'node:net';

/** TCP to a server on this machine, which can be made to keep what is sent on the way. */
export interface Wire {
  readonly port: number;
  /** What clients send from now on is on the wire, but does not arrive. */
  hold(): void;
  /** How many bytes are on the wire. */
  readonly heldBytes: number;
  /** All of it arrives, in order, and what comes from now on at once. */
  letGo(): void;
  close(): Promise<void>;
}

export async function startWire(target: number): Promise<Wire> {
  let holding = false;
  let held: (readonly [Socket, Buffer])[] = [];
  const sockets = new Set<Socket>();
  const server = createServer((from) => {
    const to = connect(target, '127.0.0.1');
    for (const socket of [from, to]) {
      sockets.add(socket);
      socket.on('error', () => undefined).on('close', () => sockets.delete(socket));
    }
    from.on('data', (bytes: Buffer) => {
      if (holding) held.push([to, bytes]);
      else to.write(bytes);
    });
    to.pipe(from);
    // What was sent before the sender went away arrives all the same.
    from.on('close', () => {
      if (!holding) to.end();
    });
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    hold: () => (holding = true),
    get heldBytes() {
      return held.reduce((sum, [, bytes]) => sum + bytes.length, 0);
    },
    letGo() {
      holding = false;
      for (const [to, bytes] of held) to.write(bytes);
      held = [];
    },
    async close() {
      const closed = once(server, 'close');
      server.close();
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
}
