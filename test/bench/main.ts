/**
 * `npm run bench [-- NAME …]`: ratios, each against something measured in the same run. CPU time, for wall time tells of the
 * neighbours.
 */
import { admission } from './admission.js';
import { admissionReview } from './admission-review.js';
import { eventLoop } from './event-loop.js';
import { informer } from './informer.js';
import type { Ratio } from './measure.js';
import { recommendation } from './recommendation.js';
import { files, synthesis, validation } from './rulebook.js';
import { wholeOperator } from './whole-operator.js';

/** Its lines come as they are known: what was measured for a quarter of an hour outlives what fails after it. */
type Bench = () => AsyncIterable<string>;

const BENCHES: Readonly<Record<string, Bench>> = {
  'admission-review': lineOf(admissionReview),
  recommendation: lineOf(recommendation),
  validation: lineOf(validation),
  files: lineOf(files),
  synthesis: lineOf(synthesis),
  informer: linesOf(informer),
  'event-loop': linesOf(eventLoop),
  'whole-operator': wholeOperator,
  admission: linesOf(admission),
};

const wanted = process.argv.slice(2);
const unknown = wanted.filter((name) => !Object.hasOwn(BENCHES, name));
if (unknown.length > 0) {
  console.error(`there is no bench ${unknown.join(', ')}; there are ${Object.keys(BENCHES).join(', ')}`);
  process.exit(2);
}
for (const [name, bench] of Object.entries(BENCHES)) {
  if (wanted.length > 0 && !wanted.includes(name)) continue;
  for await (const line of bench()) console.log(line);
}

function linesOf(bench: () => Promise<readonly string[]>): Bench {
  return async function* () {
    yield* await bench();
  };
}

function lineOf(bench: () => Promise<Ratio>): Bench {
  return linesOf(async () => {
    const { name, ours, peer, ratio } = await bench();
    return [`${name}: ${ours.toFixed(1)} µs CPU, ${ratio.toFixed(2)} × ${peer}`];
  });
}
