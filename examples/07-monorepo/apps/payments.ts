import type { Team } from '../team.js';

/** Careful: a large share of requests goes through here. */
export const payments: Team = {
  name: 'payments',
  mode: 'Recommend',
  percentile: 'P99',
  memory: { min: '256Mi', max: '16Gi' },
};
