/**
 * For Node's `--import`: the process notes its calls of one server in KILL_LOG, one `METHOD path` a line, and with KILL_AT
 * (`3:before`, `3:after`) kills itself at that call: before anything of it is sent, or when it is answered and the process has
 * not looked at the answer yet. Lists and watches, which it makes when it starts, are no calls here.
 */
import { subscribe } from 'node:diagnostics_channel';
import { appendFileSync } from 'node:fs';

const { KILL_AT = '', KILL_LOG = '', KILL_SERVER = '' } = process.env;
const [at, moment] = KILL_AT.split(':');

interface Call {
  readonly origin: string | URL;
  readonly method: string;
  readonly path: string;
}

const numbers = new WeakMap<Call, number>();
let calls = 0;

function die(): void {
  process.kill(process.pid, 'SIGKILL');
}

subscribe('undici:request:create', (message) => {
  const { request } = message as { readonly request: Call };
  if (String(request.origin) !== KILL_SERVER || /[?&](limit|watch)=/.test(request.path)) return;
  calls += 1;
  numbers.set(request, calls);
  appendFileSync(KILL_LOG, `${request.method} ${request.path.split('?', 1)[0] ?? ''}\n`);
  if (calls === Number(at) && moment === 'before') die();
});

subscribe('undici:request:headers', (message) => {
  const { request } = message as { readonly request: Call };
  if (numbers.get(request) === Number(at) && moment === 'after') die();
});
