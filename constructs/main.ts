/** The cdk8s app of this repository: `npm run synth` writes the installation with its defaults into manifests/. */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { App, Yaml } from 'cdk8s';
import { OptiPod } from './install.js';

// cdk8s synth says where to write; its own default, dist/, is that of the build.
const app = new App({ outdir: process.env.CDK8S_OUTDIR ?? 'manifests' });
new OptiPod(app, 'optipod');

// App.synth would put hashes of construct paths into the names of files that people read and apply. The numbers have
// kubectl apply the charts in the order in which they depend on each other.
mkdirSync(app.outdir, { recursive: true });
for (const [index, chart] of app.charts.entries()) {
  Yaml.save(join(app.outdir, `${String(index).padStart(4, '0')}-${chart.node.id}.yaml`), chart.toJson());
}
