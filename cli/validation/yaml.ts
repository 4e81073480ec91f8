import { Composer, Lexer, Parser, type CST, type Document } from 'yaml';
import type { DocumentOptions, ParseOptions, ScalarTag, SchemaOptions } from 'yaml';
import { jsonValues } from './json-stream.js';
import { readNumber } from './yaml-number.js';

/** A document of a file, and where in the file its own offsets begin. */
export interface SourceDocument {
  readonly document: Document.Parsed;
  readonly start: number;
}

/** kubectl reads YAML 1.1: `no` is a boolean there, in a list of namespaces too. YAML 1.2 would call it a string. */
const bool: ScalarTag = {
  default: true,
  tag: 'tag:yaml.org,2002:bool',
  test: /^(?:y|Y|yes|Yes|YES|true|True|TRUE|on|On|ON|n|N|no|No|NO|false|False|FALSE|off|Off|OFF)$/,
  resolve: (text) => /^(?:y|t|on)/i.test(text),
};

const number: ScalarTag = {
  default: true,
  tag: 'tag:yaml.org,2002:float',
  // What may be a number; `readNumber` says what is.
  test: /^(?:[0-9]|\.[0-9]|[-+][0-9_.])[0-9a-fA-FxXoO_.+-]*$/,
  resolve: readNumber,
};

/** Asked for by its name alone: `!!int 5`. */
const int: ScalarTag = { ...number, tag: 'tag:yaml.org,2002:int' };

const OPTIONS: ParseOptions & DocumentOptions & SchemaOptions = {
  schema: 'failsafe',
  customTags: (tags) => ['null', bool, number, int, 'floatNaN', ...tags],
  merge: true,
  // Positions are computed for what is reported, not for every file.
  prettyErrors: false,
  logLevel: 'error',
};

/** No manifest has as many, and what composes them recurses: no file may take the stack that is left. */
const MOST_LEVELS = 200;

/**
 * Every document of a text, YAML or JSON, as kubectl would read it; what is wrong with one is in its `errors`.
 * @throws RangeError for what is nested too deep.
 */
export function documentsIn(text: string): readonly SourceDocument[] {
  const documents = compose(text);
  if (documents.some(({ errors }) => errors.length > 0) && /^\s*\{/.test(text)) {
    const values = jsonValues(text);
    // JSON objects one after the other are no YAML.
    if (values) return values.flatMap(({ start, json }) => compose(json).map((document) => ({ document, start })));
  }
  return documents.map((document) => ({ document, start: 0 }));
}

function compose(text: string): readonly Document.Parsed[] {
  return [...new Composer(OPTIONS).compose(tokensOf(text))];
}

/** As the parser's own `parse`, which does not look how deep it is. */
function* tokensOf(text: string): Generator<CST.Token> {
  const parser = new Parser();
  for (const lexeme of new Lexer().lex(text)) {
    yield* parser.next(lexeme);
    if (parser.stack.length > MOST_LEVELS) throw new RangeError(`it is nested more than ${MOST_LEVELS} levels deep`);
  }
  yield* parser.end();
}
