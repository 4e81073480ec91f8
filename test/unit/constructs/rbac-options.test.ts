import { expect } from 'chai';
import type { OptiPodProps } from '../../../constructs/install.js';
import { admissionUses, CERTIFICATE_MODES, controllersUses, type Use } from '../../../lib/kube/index.js';
import { NAMES, optipodWith } from '../../../lib/optipod/index.js';
import { POLICY_SCOPES } from '../../../lib/policy/index.js';
import { synth, type Manifest } from './synth.js';

const PEM = '-----BEGIN CERTIFICATE-----\nYQ==\n-----END CERTIFICATE-----\n';

/** Every option of which some right depends, in every combination. */
const COMBINATIONS: OptiPodProps[] = CERTIFICATE_MODES.flatMap((mode) =>
  POLICY_SCOPES.flatMap((policyScope) =>
    [true, false].flatMap((checkAuthors) =>
      [true, false].flatMap((inPlaceResize) =>
        [true, false].map((recreate) => ({
          policyScope,
          checkAuthors,
          inPlaceResize,
          recreate,
          certificate: mode === 'secret' ? { mode, secretName: NAMES.certificateSecret, caBundle: PEM } : { mode },
        })),
      ),
    ),
  ),
);

const ACCOUNTS = [NAMES.operator, NAMES.webhook];

describe('the rights of an installation, for every combination of options', () => {
  let full: ReadonlySet<string>;
  let installations: readonly { readonly props: OptiPodProps; readonly rights: ReadonlySet<string> }[];

  before(() => {
    full = rightsIn(synth());
    installations = COMBINATIONS.map((props) => ({ props, rights: rightsIn(synth(props)) }));
  });

  it('B-OPR-5 are never more than those of the installation with everything on', () => {
    for (const { props, rights } of installations) {
      const more = [...rights].filter((right) => !full.has(right));
      expect(more, JSON.stringify(props)).to.deep.equal([]);
    }
  });

  it('B-OPR-5 leave out what is switched off, and nothing else', () => {
    for (const { props, rights } of installations) {
      const { certificate, policyScope, checkAuthors, inPlaceResize, recreate } = props;
      const missing = [...full].filter((right) => !rights.has(right));
      const expected = [...full].filter(
        (right) =>
          (certificate?.mode !== 'self' && isAboutCertificates(right)) ||
          ((policyScope === 'Namespace' || checkAuthors === false) && right.includes('subjectaccessreviews')) ||
          (inPlaceResize === false && right.includes('pods/resize')) ||
          (recreate === false && right.includes('pods/eviction')),
      );
      expect(missing, JSON.stringify(props)).to.have.members(expected);
    }
    // The two sides of the comparison are not both empty.
    expect([...full].filter((right) => /pods.(resize|eviction)/.test(right))).to.have.members([
      'optipod everywhere patch  pods/resize *',
      'optipod everywhere create  pods/eviction *',
    ]);
    expect([...full].filter(isAboutCertificates)).to.have.length(3 * 4 + 1);
  });

  it('B-OPR-5 stem from a declared use each, and every declared use is granted', () => {
    for (const { props, rights } of installations) {
      const certificateMode = props.certificate?.mode ?? 'self';
      const definition = optipodWith(props);
      const certificate = {
        keepsCertificate: certificateMode === 'self',
        certificateSecret: NAMES.certificateSecret,
      };
      const declared = new Set([
        ...controllersUses(definition, certificate).flatMap((use) => spelledOut(NAMES.operator, use)),
        ...admissionUses(definition, certificate).flatMap((use) => spelledOut(NAMES.webhook, use)),
      ]);
      expect([...rights].sort(), JSON.stringify(props)).to.deep.equal(
        [...declared].filter((right) => !isCovered(right, declared)).sort(),
      );
    }
  });
});

/** `<account> <everywhere|own> <verb> <group> <resource> <name or *>`, for each single right. */
function rightsIn(manifests: readonly Manifest[]): Set<string> {
  const rights = manifests
    .filter(({ kind, metadata }) => kind.endsWith('Role') && ACCOUNTS.includes(metadata.name as 'optipod'))
    .flatMap(({ kind, metadata, rules }) =>
      (rules as Rule[]).flatMap(({ apiGroups, resources, verbs, resourceNames = ['*'] }) =>
        apiGroups.flatMap((group) =>
          resources.flatMap((resource) =>
            verbs.flatMap((verb) =>
              resourceNames.map((name) =>
                right(metadata.name, kind === 'Role' ? 'own' : 'everywhere', verb, group, resource, name),
              ),
            ),
          ),
        ),
      ),
    );
  return new Set(rights);
}

interface Rule {
  readonly apiGroups: readonly string[];
  readonly resources: readonly string[];
  readonly verbs: readonly string[];
  readonly resourceNames?: readonly string[];
}

function right(...parts: string[]): string {
  return parts.join(' ');
}

function spelledOut(account: string, { kind, verbs, subresource, names, ownNamespace }: Use): string[] {
  const resource = subresource === undefined ? kind.plural : `${kind.plural}/${subresource}`;
  return verbs
    .flatMap((verb) => (verb === 'watch' ? ['list', 'watch'] : [verb]))
    .flatMap((verb) =>
      (verb === 'create' ? ['*'] : (names ?? ['*'])).map((name) =>
        right(account, ownNamespace === true ? 'own' : 'everywhere', verb, kind.group, resource, name),
      ),
    );
}

/** Whether a wider right makes this one superfluous. */
function isCovered(narrow: string, rights: ReadonlySet<string>): boolean {
  const [account = '', where = '', verb = '', group = '', resource = '', name = ''] = narrow.split(' ');
  return [
    [where, '*'],
    ['everywhere', name],
    ['everywhere', '*'],
  ]
    .map(([place = '', named = '']) => right(account, place, verb, group, resource, named))
    .some((wider) => wider !== narrow && rights.has(wider));
}

/** The operator's: the webhook goes on serving from the Secret, whoever keeps it. */
function isAboutCertificates(one: string): boolean {
  return one.startsWith(`${NAMES.operator} `) && /secrets|webhookconfigurations/.test(one);
}
