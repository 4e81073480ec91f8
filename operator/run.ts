#!/usr/bin/env node
/** `optipod-operator FILE [flags]`: runs the controllers of the operator that a module has as its default export. */
import { loadOperator, runOperator } from './runtime/index.js';

const { definition, argv } = await loadOperator('optipod-operator', process.argv.slice(2));
await runOperator(definition, { env: process.env, argv });
