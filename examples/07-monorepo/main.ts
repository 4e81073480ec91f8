import { App } from 'cdk8s';
import { payments } from './apps/payments.js';
import { web } from './apps/web.js';
import { TeamPolicy } from './team.js';

const app = new App();
for (const team of [payments, web]) new TeamPolicy(app, team);
app.synth();
