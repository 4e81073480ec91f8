/** `npm run bench`: ratios, each against something measured in the same run. CPU time, for wall time tells of the neighbours. */
import { admission } from './admission.js';
import { admissionReview } from './admission-review.js';
import { eventLoop } from './event-loop.js';
import { informer } from './informer.js';
import { recommendation } from './recommendation.js';
import { files, synthesis, validation } from './rulebook.js';
import { wholeOperator } from './whole-operator.js';

for (const bench of [admissionReview, recommendation, validation, files, synthesis]) {
  const { name, ours, peer, ratio } = await bench();
  console.log(`${name}: ${ours.toFixed(1)} µs CPU, ${ratio.toFixed(2)} × ${peer}`);
}
for (const bench of [informer, eventLoop, wholeOperator, admission]) {
  for (const line of await bench()) console.log(line);
}
