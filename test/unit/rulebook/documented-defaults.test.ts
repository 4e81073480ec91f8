import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import ts from 'typescript';
import { OptimizationPolicy } from '../../../lib/api/index.js';
import type { Schema } from '../../../lib/kube/index.js';
import { jsdoc } from '../../../tools/generate-jsdoc.js';

const TYPES = join(import.meta.dirname, '../../../imports/types/optimization-policy.ts');

describe('what editors show of a field', () => {
  const documented = tagsIn(TYPES);

  it('says the default of every property that has one, in a tag and nowhere else', () => {
    const expected = defaultsIn(OptimizationPolicy.spec);
    expect(expected.length).to.be.above(15);
    for (const [property, standard] of expected) {
      const { text, standard: said } = documented.get(property) ?? {};
      expect(said, property).to.equal(typeof standard === 'string' ? `'${standard}'` : JSON.stringify(standard));
      expect(text, property)
        .to.match(/^[^]+\.$/)
        .and.not.to.match(/default/i);
    }
  });

  it('says so of a default that somebody else decides', () => {
    const { standard } = documented.get('MetricsServerConfigInput.minSamplesRequired') ?? {};
    expect(standard).to.equal('- the setting of the operator (10)');
  });

  it('says nothing of defaults where there is none', () => {
    expect(documented.get('OptimizationPolicySpecInput.mode')).to.have.property('standard', undefined);
  });

  it('goes by the schema, not by what is written beside it', () => {
    expect(jsdoc({ type: 'integer', description: 'How many. Default: 2.', default: 3 })).to.equal(
      'How many.\n@default 3',
    );
    expect(jsdoc({ type: 'integer', default: 0 })).to.equal('@default 0');
    expect(jsdoc({ type: 'integer' })).to.equal(undefined);
  });
});

/** By `Interface.property`, of the types as written. */
function defaultsIn({ title = '', properties = {} }: Schema): (readonly [string, unknown])[] {
  return Object.entries(properties).flatMap(([name, property]) => [
    ...(property.default === undefined ? [] : [[`${title}Input.${name}`, property.default] as const]),
    ...defaultsIn(property),
    ...(property.items ? defaultsIn(property.items) : []),
  ]);
}

interface Documented {
  readonly text: string;
  readonly standard: string | undefined;
}

function tagsIn(file: string): ReadonlyMap<string, Documented> {
  const source = ts.createSourceFile(file, readFileSync(file, 'utf8'), ts.ScriptTarget.Latest, true);
  const interfaces = source.statements.filter(ts.isInterfaceDeclaration);
  return new Map(
    interfaces.flatMap(({ name, members }) =>
      members.map((member) => [`${name.text}.${member.name?.getText() ?? ''}`, documentationOf(member)] as const),
    ),
  );
}

function documentationOf(member: ts.Node): Documented {
  const [comment] = ts.getJSDocCommentsAndTags(member).filter(ts.isJSDoc);
  const tag = ts.getJSDocTags(member).find(({ tagName }) => tagName.text === 'default');
  return {
    text: ts.getTextOfJSDocComment(comment?.comment) ?? '',
    standard: tag && ts.getTextOfJSDocComment(tag.comment),
  };
}
