import { isAlias, isScalar, type Document, type Node, type YAMLParseError } from 'yaml';
import { POLICY_SUBJECT, policyValidator } from '../../lib/api/index.js';
import { concerns, IN_QUOTES, type FieldError, type Subject, type Validator } from '../../lib/kube/index.js';
import type { Finding } from './finding.js';
import { objectsIn, type ObjectNode } from './objects.js';
import { duplicateAt, placeOf } from './place.js';
import { offsetOf, positionsIn } from './position.js';
import { documentsIn, type SourceDocument } from './yaml.js';

/** A kind that is judged, and by what. */
export interface Rulebook extends Subject {
  readonly validator: Validator;
}

const POLICIES: Rulebook = { ...POLICY_SUBJECT, validator: policyValidator };

/** How many objects there were to judge, how many others, and what is wrong. */
export interface Judgement {
  readonly judged: number;
  readonly others: number;
  readonly findings: readonly Finding[];
}

/** Something wrong, at an offset of a document. */
type Flaw = Pick<Finding, 'kind' | 'name' | 'path' | 'value' | 'message'> & { readonly offset: number };

/** Whether a text can hold an object of the kind at all; much cheaper than to read it. */
export function mayConcern(text: string, { resource }: Rulebook = POLICIES): boolean {
  return text.includes(resource.group) || text.includes(resource.kind);
}

/** Judges every object of the kind in a text; others are none of its business. */
export function judge(file: string, content: string, rulebook: Rulebook = POLICIES): Judgement {
  const text = content.replace(/^\uFEFF/, '');
  const positionOf = positionsIn(text);
  const findings: Finding[] = [];
  let [judged, others] = [0, 0];
  for (const source of readable(text)) {
    const { ours, rest, flaws } = judgeDocument(source, rulebook);
    judged += ours;
    others += rest;
    for (const { offset, ...flaw } of flaws) findings.push({ file, ...flaw, ...positionOf(source.start + offset) });
  }
  return { judged, others, findings };

  function readable(whole: string): readonly SourceDocument[] {
    try {
      return documentsIn(whole);
    } catch (error) {
      const message = `cannot be read: ${error instanceof Error ? error.message : String(error)}`;
      findings.push({ file, kind: '', name: '', path: '', value: null, message, ...positionOf(0) });
      return [];
    }
  }
}

interface DocumentJudgement {
  readonly ours: number;
  readonly rest: number;
  readonly flaws: Flaw[];
}

function judgeDocument({ document }: SourceDocument, rulebook: Rulebook): DocumentJudgement {
  const objects = objectsIn(document.contents);
  const ours = objects.filter((object) => concerns(object, rulebook));
  const counts = { ours: ours.length, rest: objects.length - ours.length };
  const syntax = document.errors.find(({ code }) => code !== 'DUPLICATE_KEY');
  if (syntax) {
    // Half a document of another kind is another tool's business; half a document of no kind could have been ours.
    const foreign = ours.length === 0 && objects.some(({ kind, apiVersion }) => kind !== '' && apiVersion !== '');
    const { kind = '', name = '' } = ours[0] ?? {};
    const flaw = { kind, name, path: '', value: null, message: syntax.message, offset: syntax.pos[0] };
    return { ...counts, flaws: foreign ? [] : [flaw] };
  }
  const flaws = ours.flatMap((object) => [
    ...duplicates(document, object),
    ...judgeObject(document, object, rulebook).sort((a, b) => a.offset - b.offset),
  ]);
  return { ...counts, flaws };
}

function judgeObject(document: Document, object: ObjectNode, { validator }: Rulebook): Flaw[] {
  const { node, kind, name } = object;
  let value: unknown;
  try {
    value = node.toJS(document);
  } catch (error) {
    // An alias without an anchor, or too many of them.
    const message = error instanceof Error ? error.message : String(error);
    return [{ kind, name, path: '', value: null, message, offset: node.range?.[0] ?? 0 }];
  }
  return validator.validate(value).map((error) => {
    const place = placeOf(document, node, error.path);
    const offset = offsetOf(place, error.reason === 'UnknownField' ? 'key' : 'value');
    const advice = place.missing ? '' : adviceOn(error, place.value, () => validator.validate(node.toJS(document)));
    const message = `${error.message}${advice}`;
    return { kind, name, path: error.path, value: error.value ?? null, message, offset };
  });
}

/** What YAML takes for a number or a boolean is often meant as a string: said where quotes are all that is missing. */
function adviceOn(
  { path, reason, message }: FieldError,
  node: Node | undefined,
  again: () => readonly FieldError[],
): string {
  if (reason !== 'FieldValueTypeInvalid' || message.includes(IN_QUOTES)) return '';
  if (!isScalar(node) || node.type !== 'PLAIN' || !node.source) return '';
  const { value } = node;
  node.value = node.source;
  const quotingHelps = !again().some((error) => error.path === path);
  node.value = value;
  return quotingHelps ? `${IN_QUOTES}${JSON.stringify(node.source)}` : '';
}

/** kubectl keeps the last one and says nothing, which is hardly ever what was meant. */
function duplicates(document: Document.Parsed, { node, kind, name }: ObjectNode): Flaw[] {
  return document.errors.flatMap((error: YAMLParseError): Flaw[] => {
    const found = duplicateAt(node, error.pos[0]);
    if (!found) return [];
    const value: unknown = found.value && !isAlias(found.value) ? found.value.toJS(document) : null;
    const message = `duplicate field "${found.path}"`;
    return [{ kind, name, path: found.path, value, message, offset: error.pos[0] }];
  });
}
