import { openRun, insideNetwork, prepare } from '/work/main/test/kit/index.ts';
await prepare('node', { progress: (l) => console.log(l) });
const run = await openRun({ level: 'node', progress: (l) => console.log(l) });
process.exitCode = await insideNetwork(run, process.execPath, [
  'node_modules/mocha/bin/mocha.js',
  '--require',
  'test/kit/hooks.ts',
  ...process.argv.slice(2),
]);
await run.close();
