#!/usr/bin/env node
/** `optipod`: a file per command; this one puts them together. */
import { Command, CommanderError } from 'commander';
import { VERSION } from '../constructs/version.js';
import { backtestCommand } from './backtest.js';
import { manifestsCommand } from './manifests.js';
import { pauseCommand, resumeCommand } from './pause.js';
import { Refused, USAGE_ERROR } from './refused.js';
import { restoreCommand } from './restore.js';
import { validateCommand } from './validate.js';

const program = new Command('optipod')
  .description('Policy-driven Kubernetes right-sizing that GitOps tools do not fight with')
  .version(VERSION)
  .showHelpAfterError('(optipod --help lists what there is)')
  .exitOverride();
program.addCommand(backtestCommand().copyInheritedSettings(program));
program.addCommand(manifestsCommand().copyInheritedSettings(program));
program.addCommand(pauseCommand().copyInheritedSettings(program));
program.addCommand(resumeCommand().copyInheritedSettings(program));
program.addCommand(restoreCommand().copyInheritedSettings(program));
program.addCommand(validateCommand().copyInheritedSettings(program));

// `optipod … | head` closes the pipe early, and has what it wants.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
  process.exit(0);
});

try {
  await program.parseAsync();
} catch (error) {
  // commander has written its message already; help and version end with 0.
  if (error instanceof CommanderError) process.exitCode = error.exitCode === 0 ? 0 : USAGE_ERROR;
  else if (error instanceof Refused) {
    console.error(`optipod: ${error.message}`);
    process.exitCode = USAGE_ERROR;
  } else throw error;
}
