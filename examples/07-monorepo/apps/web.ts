import type { Team } from '../team.js';

export const web: Team = {
  name: 'web',
  mode: 'Auto',
  memory: { min: '64Mi', max: '4Gi' },
};
