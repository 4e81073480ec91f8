import { expect } from 'chai';
import { nextConditions } from 'optipod/kube';

describe('conditions', () => {
  it('B-API-8 a message that is too long for a status is cut, and the status is written', () => {
    const now = {
      type: 'Ready',
      status: 'False',
      reason: 'ValidationFailed',
      message: 'spec: wrong; '.repeat(10_000),
    } as const;
    const [condition] = nextConditions(undefined, [now], '2026-01-02T12:00:00Z');
    expect(condition?.message).to.have.length(32_768);
    expect(condition?.message).to.match(/^spec: wrong; .*…$/);
  });

  it('B-API-7 lastTransitionTime moves only when the status flips', () => {
    const ready = { type: 'Ready', status: 'True', reason: 'PolicyActive', message: 'fine' } as const;
    const first = nextConditions(undefined, [ready], '2026-01-02T12:00:00Z');
    const second = nextConditions(first, [{ ...ready, message: 'finer' }], '2026-01-02T13:00:00Z');
    expect(second).to.deep.equal([{ ...ready, message: 'finer', lastTransitionTime: '2026-01-02T12:00:00Z' }]);
    const [third] = nextConditions(second, [{ ...ready, status: 'False' }], '2026-01-02T14:00:00Z');
    expect(third?.lastTransitionTime).to.equal('2026-01-02T14:00:00Z');
  });
});
