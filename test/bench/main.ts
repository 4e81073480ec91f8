/** `npm run bench`: ratios, each against something measured in the same run. CPU time, for wall time tells of the neighbours. */
import { admissionReview } from './admission-review.js';
import { recommendation } from './recommendation.js';

for (const { name, ours, peer, ratio } of [await admissionReview(), await recommendation()]) {
  console.log(`${name}: ${ours.toFixed(1)} µs CPU, ${ratio.toFixed(2)} × ${peer}`);
}
