import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import ts from 'typescript';
import { namesOf } from '../../../lib/kube/index.js';
import { NAMES, optipod } from '../../../lib/optipod/index.js';

const ROOT = join(import.meta.dirname, '../../..');

describe('docs/installation.md', () => {
  const page = readFileSync(join(ROOT, 'docs/installation.md'), 'utf8');

  it('tells of every option of an installation', () => {
    const options = [
      ...propertiesOf('constructs/install/options.ts', 'OptiPodProps'),
      ...propertiesOf('constructs/operator/pods.ts', 'PodProps'),
    ];
    expect(options).to.include.members(['image', 'policyScope', 'certificate', 'nodeSelector']);
    for (const option of options) expect(page, option).to.match(new RegExp(`\`${option}\\b`));
  });

  it('names what people have to name', () => {
    expect(namesOf(optipod)).to.deep.equal({
      controllers: NAMES.operator,
      admission: NAMES.webhook,
      certificateSecret: NAMES.certificateSecret,
    });
    expect(NAMES.webhookConfiguration).to.equal(NAMES.webhook);
    for (const name of [NAMES.webhook, 'optipod.io/webhook-', 'delete optpol -A --all']) expect(page).to.include(name);
  });
});

/** The properties of an interface: its own, and those that it picks from another. */
function propertiesOf(file: string, name: string): string[] {
  const source = ts.createSourceFile(file, readFileSync(join(ROOT, file), 'utf8'), ts.ScriptTarget.Latest);
  const declaration = source.statements.filter(ts.isInterfaceDeclaration).find((one) => one.name.text === name);
  const own = declaration?.members.flatMap((member) =>
    member.name && ts.isIdentifier(member.name) ? [member.name.text] : [],
  );
  const inherited = declaration?.heritageClauses?.flatMap(({ types }) => types).flatMap(picked);
  return [...(own ?? []), ...(inherited ?? [])];
}

/** Of `Pick<T, 'a' | 'b'>`: a and b. */
function picked({ expression, typeArguments }: ts.ExpressionWithTypeArguments): string[] {
  const [, names] = typeArguments ?? [];
  if (!ts.isIdentifier(expression) || expression.text !== 'Pick' || !names || !ts.isUnionTypeNode(names)) return [];
  return names.types.flatMap((type) =>
    ts.isLiteralTypeNode(type) && ts.isStringLiteral(type.literal) ? [type.literal.text] : [],
  );
}
