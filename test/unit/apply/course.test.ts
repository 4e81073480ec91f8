import { expect } from 'chai';
import { courseOf, type Course } from '../../../lib/apply/index.js';
import { applyingTable, FIELDS, type Row } from '../../support/applying-table.js';
import { policyOf } from '../lib/policies.js';

const VALUES = {
  mode: ['Auto', 'Recommend', 'Disabled'],
  strategy: ['webhook', 'ssa'],
  rolloutStrategy: ['onNextRestart', 'immediate'],
  allowInPlaceResize: [true, false],
  allowRecreate: [true, false],
  useServerSideApply: [true, false],
  updateRequestsOnly: [true, false],
} as const;

type Choice = { readonly [Field in keyof typeof VALUES]: (typeof VALUES)[Field][number] };

/** Every combination there is. */
const choices = Object.entries(VALUES).reduce<object[]>(
  (some, [field, values]) => some.flatMap((one) => values.map((value) => ({ ...one, [field]: value }))),
  [{}],
) as Choice[];

const isMeant = (row: Row, choice: Choice) =>
  FIELDS.every((field) => row[field] === 'any' || row[field] === String(choice[field]));

const INSTALLED = { inPlaceResize: true, recreate: true };
const course = ({ mode, ...updateStrategy }: Choice, installed = INSTALLED) =>
  courseOf(policyOf({ mode, updateStrategy }).spec, installed);

/** In the words of the table. */
function told({ annotations, template, inPlace, otherwise }: Course) {
  const words = { wait: 'waits', evict: 'evicted', restart: 'restarted' } as const;
  return {
    annotations,
    template,
    'running pods': inPlace ? 'resized' : 'left alone',
    'a pod that cannot be resized': words[otherwise],
  };
}

describe('the course of a policy', () => {
  const table = applyingTable();

  it('B-APP-4 B-APP-5 B-APP-7 is what docs/reference/applying.md says, for every combination in one row of it', () => {
    expect(choices).to.have.lengthOf(192);
    for (const choice of choices) {
      const rows = table.filter((row) => isMeant(row, choice));
      expect(rows, JSON.stringify(choice)).to.have.lengthOf(1);
      expect(rows[0], JSON.stringify(choice)).to.deep.include(told(course(choice)));
    }
    for (const row of table)
      expect(
        choices.some((choice) => isMeant(row, choice)),
        JSON.stringify(row),
      ).to.equal(true);
  });

  it('B-OPR-5 does nothing that the installation leaves out', () => {
    for (const choice of choices) {
      expect(course(choice, { inPlaceResize: false, recreate: true }).inPlace).to.equal(false);
      expect(course(choice, { inPlaceResize: true, recreate: false }).otherwise).not.to.equal('evict');
    }
  });
});
