import { request as httpRequest } from 'node:http';
import { request as httpsRequest } from 'node:https';

export interface Credentials {
  ca: string;
  cert?: string;
  key?: string;
}

/** GET, for readiness probes. Resolves to whatever was answered; rejects when nothing was within 5 s. */
export function get(url: string, credentials?: Credentials): Promise<{ status: number; body: string }> {
  return new Promise((resolve, reject) => {
    const options = { ...credentials, agent: false, timeout: 5000 };
    const request = url.startsWith('https:') ? httpsRequest(url, options) : httpRequest(url, options);
    request.once('error', reject);
    request.once('timeout', () => request.destroy(new Error(`no answer from ${url} within 5 s`)));
    request.once('response', (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.once('error', reject);
      response.once('end', () => resolve({ status: response.statusCode ?? 0, body: Buffer.concat(chunks).toString() }));
    });
    request.end();
  });
}

/** `true` once `url` answers 200; throws what it answers instead, for `waitFor` to report. */
export async function isOk(url: string, credentials?: Credentials): Promise<true> {
  const { status, body } = await get(url, credentials);
  if (status !== 200) throw new Error(`${url} answered ${status}: ${body.slice(0, 300)}`);
  return true;
}
