#!/usr/bin/env node
/** `optipod-operator FILE [flags]`: runs the controllers of the operator that a module has as its default export. */
import { CONTROLLERS_SETTINGS } from 'optipod/kube';
import { loadOperator, runOperator } from './runtime/index.js';

const { definition, argv } = await loadOperator('optipod-operator', process.argv.slice(2), CONTROLLERS_SETTINGS);
await runOperator(definition, { env: process.env, argv });
