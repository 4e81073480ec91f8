import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';

/** A way to a TCP server on this machine that can be cut as networks are: nobody is told, and nothing passes. */
export interface Link {
  readonly port: number;
  /** From now on nothing passes, on connections that are open and on new ones. */
  cut(): void;
  /** What was on its way arrives. */
  mend(): void;
  /** Ends all connections that are open. */
  reset(): void;
  close(): Promise<void>;
}

const HOST = '127.0.0.1';

/** @param target the port that it leads to; asked for with each connection, so that the server may move */
export async function openLink(target: () => number): Promise<Link> {
  const sockets = new Set<Socket>();
  let isCut = false;

  function follow(socket: Socket, other: Socket): void {
    sockets.add(socket);
    socket.on('data', (chunk) => void other.write(chunk));
    socket.on('end', () => other.end());
    socket.on('error', () => other.destroy());
    socket.once('close', () => {
      sockets.delete(socket);
      other.destroy();
    });
    if (isCut) socket.pause();
  }

  const server = createServer({ allowHalfOpen: true }, (near) => {
    const far = connect({ host: HOST, port: target(), allowHalfOpen: true });
    follow(near, far);
    follow(far, near);
  });
  await once(server.listen(0, HOST), 'listening');

  return {
    port: (server.address() as AddressInfo).port,
    cut() {
      isCut = true;
      for (const socket of sockets) socket.pause();
    },
    mend() {
      isCut = false;
      for (const socket of sockets) socket.resume();
    },
    reset() {
      for (const socket of sockets) socket.resetAndDestroy();
    },
    async close() {
      server.close();
      for (const socket of sockets) socket.destroy();
      await once(server, 'close');
    },
  };
}
