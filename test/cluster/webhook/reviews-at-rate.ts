import { Agent, request } from 'node:https';
import { setTimeout as pause } from 'node:timers/promises';
import { TLSSocket } from 'node:tls';

/** What is sent, and what must be in the answer. */
export interface Review {
  readonly path: string;
  readonly body: object;
  readonly expected: string;
}

export interface Load {
  readonly answered: number;
  /** Whatever was not as expected: refused connections, failed handshakes, other answers. */
  readonly failures: readonly string[];
  /** Connections that were opened. */
  readonly connections: number;
  /** Serial number of the certificate that the last new connection was shown. */
  readonly served: string | undefined;
  /** Everything that began before is finished, so that nobody goes on with what was trusted then. */
  turnover(): Promise<void>;
  /** Finishes what is under way. */
  stop(): Promise<void>;
}

/** Every so many reviews go over a new connection, as after a restart of kube-apiserver; the others share a few. */
const NEW_CONNECTION_EVERY = 10;
const POOL = 8;

/** What the machine cannot keep up with is not sent: a queue that grows would be all there is to see. */
const MOST_UNDER_WAY_SECONDS = 0.25;

/**
 * Reviews against the webhook itself at a steady rate, or as many as it can do, trusting what kube-apiserver would trust: the
 * bundle of the moment, with other connections for another bundle.
 * @param trusted PEM
 */
export function reviewsAtRate(
  port: number,
  perSecond: number,
  reviews: readonly Review[],
  trusted: () => string,
): Load {
  const failures: string[] = [];
  const sockets = new WeakSet<object>();
  let connections = 0;
  const underWay = new Set<Promise<void>>();
  let answered = 0;
  let served: string | undefined;
  let stopped = false;
  /** By the bundle that their connections began with. */
  const pools = new Map<string, Agent>();

  function pooled(): Agent {
    const ca = trusted();
    const agent = pools.get(ca) ?? new Agent({ keepAlive: true, maxSockets: POOL, ca });
    pools.set(ca, agent);
    return agent;
  }

  async function one(index: number): Promise<void> {
    const isNew = index % NEW_CONNECTION_EVERY === 0;
    // Go's clients resume no sessions: each handshake is a whole one.
    const agent = isNew ? new Agent({ keepAlive: false, maxCachedSessions: 0, ca: trusted() }) : pooled();
    const review = reviews[index % reviews.length];
    if (!review) return;
    try {
      const { status, text, socket, serial } = await post(port, agent, review);
      if (!sockets.has(socket)) connections += 1;
      sockets.add(socket);
      if (isNew) served = serial;
      if (status === 200 && text.includes(review.expected)) answered += 1;
      else failures.push(`${review.path}: ${String(status)} ${text}`);
    } catch (error) {
      failures.push(`${isNew ? 'new' : 'pooled'} connection: ${String(error)}`);
    }
  }

  async function run(): Promise<void> {
    const from = performance.now();
    for (let sent = 0; !stopped;) {
      const due = ((performance.now() - from) / 1000) * perSecond;
      for (; sent < due; sent += 1) {
        if (underWay.size >= perSecond * MOST_UNDER_WAY_SECONDS) continue;
        const asked = one(sent).finally(() => underWay.delete(asked));
        underWay.add(asked);
      }
      await pause(5);
    }
    await Promise.all(underWay);
  }

  const ended = run();
  return {
    get answered() {
      return answered;
    },
    failures,
    get connections() {
      return connections;
    },
    get served() {
      return served;
    },
    async turnover() {
      await Promise.all(underWay);
    },
    async stop() {
      stopped = true;
      await ended;
      for (const agent of pools.values()) agent.destroy();
    },
  };
}

interface Answered {
  readonly status: number;
  readonly text: string;
  readonly socket: object;
  /** Of the server's certificate. */
  readonly serial: string | undefined;
}

function post(port: number, agent: Agent, { path, body }: Review): Promise<Answered> {
  const sent = JSON.stringify(body);
  const headers = { 'content-type': 'application/json', 'content-length': Buffer.byteLength(sent) };
  const options = { agent, headers, host: 'localhost', port, path: `${path}?timeout=5s`, family: 4, method: 'POST' };
  return new Promise((resolve, reject) => {
    const asked = request(options, (response) => {
      const { socket } = response;
      const certificate = socket instanceof TLSSocket ? socket.getPeerX509Certificate() : undefined;
      const serial = certificate?.serialNumber;
      let text = '';
      response.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
      response.once('error', reject);
      response.once('end', () => resolve({ status: response.statusCode ?? 0, text, socket, serial }));
    });
    asked.once('error', reject);
    asked.end(sent);
  });
}
