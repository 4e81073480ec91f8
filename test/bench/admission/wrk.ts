import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { command } from '../../kit/command.js';

/** What wrk saw of one round. */
export interface Load {
  readonly reviews: number;
  /** Milliseconds. */
  readonly p50: number;
  readonly p99: number;
}

/** Sends each review in turn, and checks that the answers are patches. */
const SCRIPT = `
local requests = {}
local next = 0
function init(args)
  for line in io.lines(args[1]) do
    requests[#requests + 1] = wrk.format('POST', nil, { ['Content-Type'] = 'application/json' }, line)
  end
end
function request()
  next = next % #requests + 1
  return requests[next]
end
local wrong = 0
function response(status, headers, body)
  if status ~= 200 or not body:find('JSONPatch', 1, true) then
    wrong = wrong + 1
    if wrong == 1 then io.stderr:write('not answered with a patch: ', status, ' ', body, '\\n') end
  end
end
`;

/** Ready to send the same reviews to whoever is asked. @param folder for its files */
export function prepareLoad(folder: string, reviews: readonly string[]) {
  const script = join(folder, 'reviews.lua');
  const lines = join(folder, 'reviews.jsonl');
  writeFileSync(script, SCRIPT);
  writeFileSync(lines, reviews.join('\n'));
  return async (url: string, connections: number, seconds: number): Promise<Load> => {
    const args = ['-t1', `-c${String(connections)}`, `-d${String(seconds)}s`, '--latency', '-s', script, url, lines];
    const { stdout, stderr } = await command('wrk', args);
    if (stderr !== '' || /Non-2xx|Socket errors/.test(stdout)) throw new Error(`${stderr}\n${stdout}`);
    return {
      reviews: Number(found(stdout, /(\d+) requests in/)),
      p50: milliseconds(stdout, 50),
      p99: milliseconds(stdout, 99),
    };
  };
}

const UNITS: Readonly<Record<string, number>> = { us: 1e-3, ms: 1, s: 1e3 };

function milliseconds(stdout: string, percentile: number): number {
  const [, amount = '', unit = ''] =
    new RegExp(String.raw`^ +${String(percentile)}% +([\d.]+)(us|ms|s)$`, 'm').exec(stdout) ?? [];
  return Number(amount) * (UNITS[unit] ?? Number.NaN);
}

function found(stdout: string, pattern: RegExp): string {
  const [, value] = pattern.exec(stdout) ?? [];
  if (value === undefined) throw new Error(`wrk said something else:\n${stdout}`);
  return value;
}
