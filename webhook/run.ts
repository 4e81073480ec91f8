#!/usr/bin/env node
/** `optipod-webhook FILE [flags]`: serves the admission handlers of the operator that a module has as its default export. */
import { loadOperator } from '@optipod/operator/runtime';
import { ADMISSION_SETTINGS } from 'optipod/kube';
import { runAdmission } from './server/index.js';

const { definition, argv } = await loadOperator('optipod-webhook', process.argv.slice(2), ADMISSION_SETTINGS);
await runAdmission(definition, { env: process.env, argv });
