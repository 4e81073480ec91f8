import { expect } from 'chai';
import { operatorSettings } from '../../../operator/settings.js';

const read = (...argv: string[]) => operatorSettings({ env: {}, argv });

describe('the settings of the operator', () => {
  for (const [flag, least] of [
    ['--metrics-server-interval', '100ms'],
    ['--custom-interval', '100ms'],
    ['--prometheus-timeout', '100ms'],
    ['--custom-timeout', '100ms'],
    ['--webhook-retry', '100ms'],
    ['--prometheus-step', '1s'],
    ['--prometheus-rate-window', '1s'],
    ['--stale-after', '1s'],
  ] as const) {
    it(`B-OPR-4 a bad one is refused at start with its name: ${flag} of less than ${least}`, () => {
      for (const value of ['0s', '1ns', '99ms']) {
        expect(() => read(flag, value)).to.throw(
          `${flag} is "${value}"; it must be a duration of at least ${least}, such as`,
        );
      }
      expect(() => read(flag, least)).not.to.throw();
    });
  }

  for (const flag of [
    ...[
      '--prometheus-settle',
      '--custom-settle',
      '--memory-peak-window',
      '--conflict-holdoff',
      '--disruption-cooldown',
    ],
    ...['--disruption-breaker-window', '--regression-window', '--regression-holdoff'],
  ]) {
    it(`B-OPR-4 every documented key works: ${flag}, also as none at all`, () => {
      expect(() => read(flag, '0s')).not.to.throw();
    });
  }

  for (const [flag, names] of [
    ['--prometheus-url', 'prometheusUsername and prometheusPassword'],
    ['--custom-url', 'customUsername and customPassword'],
  ] as const) {
    it(`B-OPR-4 a bad one is refused at start with its name: ${flag} with user name and password`, () => {
      expect(() => read(flag, 'http://me:hunter2@usage'))
        .to.throw(`${flag} is "http://***@usage"; it must be a URL`)
        .with.property('message')
        .that.includes(`user name and password go in ${names}`);
    });
  }

  it('B-OPR-4 every documented key works: a query of the custom source, to which nothing is put behind', () => {
    expect(read('--custom-url', 'https://usage/api/?of=a/')).to.include({ customUrl: 'https://usage/api/?of=a/' });
    expect(() => read('--custom-url', 'https://usage/api#x')).to.throw('without user name, password or fragment');
    expect(() => read('--prometheus-url', 'https://usage/?of=a')).to.throw('query or fragment');
  });
});
