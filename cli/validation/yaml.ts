import { parseAllDocuments, parseDocument, type DocumentOptions, type ParseOptions, type ScalarTag } from 'yaml';
import type { Document, SchemaOptions } from 'yaml';
import { jsonValues } from './json-stream.js';

/** A document of a file, and where in the file its own offsets begin. */
export interface SourceDocument {
  readonly document: Document.Parsed;
  readonly start: number;
}

/** kubectl reads YAML 1.1: `no` is a boolean there, in a list of namespaces too. YAML 1.2 would call it a string. */
const bool: ScalarTag = {
  default: true,
  tag: 'tag:yaml.org,2002:bool',
  test: /^(?:y|Y|yes|Yes|YES|on|On|ON|n|N|no|No|NO|off|Off|OFF)$/,
  resolve: (text) => /^(?:y|on)/i.test(text),
};

/** And `0777` is octal, `1_000` a thousand; `1:30` is no number to kubectl, unlike to YAML 1.1. */
const int: ScalarTag = {
  default: true,
  tag: 'tag:yaml.org,2002:int',
  test: /^[-+]?(?:0[0-7_]+|[0-9][0-9_]*_[0-9_]*)$/,
  resolve: (text) => {
    const digits = text.replaceAll('_', '');
    return /^[-+]?0/.test(digits) ? parseInt(digits, 8) : Number(digits);
  },
};

const OPTIONS: ParseOptions & DocumentOptions & SchemaOptions = {
  merge: true,
  customTags: (tags) => [bool, int, ...tags],
  // Positions are computed for what is reported, not for every file.
  prettyErrors: false,
  logLevel: 'error',
};

/** Every document of a text, YAML or JSON, as kubectl would read it; what is wrong with one is in its `errors`. */
export function documentsIn(text: string): readonly SourceDocument[] {
  const documents: readonly Document.Parsed[] = [...parseAllDocuments(text, OPTIONS)];
  if (documents.some(({ errors }) => errors.length > 0) && /^\s*\{/.test(text)) {
    const values = jsonValues(text);
    // JSON objects one after the other are no YAML.
    if (values) return values.map(({ start, json }) => ({ document: parseDocument(json, OPTIONS), start }));
  }
  return documents.map((document) => ({ document, start: 0 }));
}
