import { expect } from 'chai';
import fc from 'fast-check';
import { eventsOf } from '../../../operator/policies/events.js';

const condition = (type: string, status: 'True' | 'False' | 'Unknown', reason: string = status) => ({
  type,
  status,
  reason,
  message: `${type} is ${status}`,
});

describe('events of a policy', () => {
  it('B-OBS-2 tell what ceased to work, why when the reason changes, and that it works again', () => {
    const works = condition('MetricsAvailable', 'True', 'MetricsAvailable');
    const down = condition('MetricsAvailable', 'False', 'ProviderUnreachable');
    const refused = condition('MetricsAvailable', 'False', 'ProviderRefused');
    const said = (...steps: readonly [typeof works | undefined, typeof works]) =>
      eventsOf(steps[0] && [steps[0]], [steps[1]]).map(({ type, reason }) => `${type} ${reason}`);
    expect(said(undefined, works)).to.deep.equal([]);
    expect(said(undefined, down)).to.deep.equal(['Warning ProviderUnreachable']);
    expect(said(works, down)).to.deep.equal(['Warning ProviderUnreachable']);
    expect(said(down, refused)).to.deep.equal(['Warning ProviderRefused']);
    expect(said(refused, works)).to.deep.equal(['Normal MetricsAvailable']);
    expect(said(condition('MetricsAvailable', 'Unknown'), works)).to.deep.equal([]);
  });

  it('B-OBS-2 say nothing of what stays as it is, whatever that is', () => {
    const status = fc.constantFrom('True' as const, 'False' as const, 'Unknown' as const);
    const conditions = fc.uniqueArray(
      fc.tuple(fc.string(), status, fc.string()).map((parts) => condition(...parts)),
      { selector: ({ type }) => type },
    );
    fc.assert(
      fc.property(conditions, (held) => {
        expect(eventsOf(held, held)).to.deep.equal([]);
      }),
    );
  });
});
