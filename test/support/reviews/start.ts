import { fork } from 'node:child_process';
import { once } from 'node:events';
import { Agent, request } from 'node:https';
import { join } from 'node:path';

export interface Answer {
  readonly status: number;
  readonly text: string;
}

/** The webhook's handlers over TLS, in a process of their own; its memory knows the owner of `podReview`'s pod. */
export interface ReviewServer {
  post(path: string, body: Buffer): Promise<Answer>;
  /** Bytes of memory in use, after everything that is not held has been collected. */
  rss(): Promise<number>;
  stop(): Promise<void>;
}

export async function startReviewServer(): Promise<ReviewServer> {
  const child = fork(join(import.meta.dirname, 'server.ts'), { execArgv: ['--import', 'tsx'] });
  const said = async <T>() => ((await once(child, 'message')) as [T])[0];
  const { port, ca } = await said<{ readonly port: number; readonly ca: string }>();
  const agent = new Agent({ keepAlive: true, maxSockets: 4, ca });
  return {
    post: (path, body) =>
      new Promise((resolve, reject) => {
        const headers = { 'content-type': 'application/json', 'content-length': body.length };
        const asked = request(
          { agent, headers, host: 'localhost', port, path, family: 4, method: 'POST' },
          (answer) => {
            let text = '';
            answer.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
            answer.once('end', () => resolve({ status: answer.statusCode ?? 0, text }));
            answer.once('error', reject);
          },
        );
        asked.once('error', reject);
        asked.end(body);
      }),
    async rss() {
      const answer = said<{ readonly rss: number }>();
      child.send('rss');
      return (await answer).rss;
    },
    async stop() {
      agent.destroy();
      child.kill();
      await once(child, 'exit');
    },
  };
}
