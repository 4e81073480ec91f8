import { judge } from './judge.js';

describe('the validation rules on a real apiserver: durations', function () {
  this.timeout(60_000);
  const { expectAccepted, expectRefused } = judge();

  const interval = 'spec.reconciliationInterval';
  const window = 'spec.metricsConfig.rollingWindow';

  for (const text of [
    '10s',
    '90s',
    '5m',
    '1h',
    '1h30m',
    '1.5h',
    '.5h',
    '7d',
    '1d12h',
    '2w',
    '1w2d3h4m5s',
    '10000ms',
    '10000000us',
    '10000000µs',
  ]) {
    it(`B-API-5 ${text} is an interval`, () => expectAccepted([interval, text]));
  }
  for (const text of [
    '5m',
    '300s',
    '12h',
    '24h',
    '48h',
    '1.5h',
    '1h30m',
    '7d',
    '1d12h',
    '2w',
    '90d',
    '2160h',
    '12w6d',
    '12w5d24h',
    '12w4d47h60m',
  ]) {
    it(`B-API-5 ${text} is a window`, () => expectAccepted([window, text]));
  }
  for (const text of [
    '5 minutes',
    '1y',
    '12h7d',
    '1d1w',
    '-5m',
    '+5m',
    'P1D',
    '5',
    '5M',
    'd',
    '1.5d',
    ' 5m',
    '5m ',
    '1h 30m',
    '5m\n',
    '0x10s',
  ]) {
    it(`B-API-5 ${JSON.stringify(text)} is no duration`, async () => {
      for (const path of [interval, window]) await expectRefused([[path, text]], [path], /must be a duration /);
    });
  }
  it('B-API-5 the empty string is no duration', async () => {
    for (const path of [interval, window]) await expectRefused([[path, '']], [path], /should be at least 1 chars long/);
  });
  it('B-API-5 a number is no duration', async () => {
    for (const path of [interval, window])
      await expectRefused([[path, 300]], [path], /must be of type string: "integer"/);
  });
  for (const text of ['9s', '9.999s', '0s', '9999ms', '0d', '0w0d0h']) {
    it(`B-API-5 ${text} is too short an interval`, () =>
      expectRefused([[interval, text]], [interval], /must be a duration of at least 10s/));
  }
  for (const text of ['4m59s', '4m59.999s', '299s', '0w', '91d', '13w', '90d1ns', '2160h1s', '9999w']) {
    it(`B-API-5 ${text} is no window from 5m to 90d`, () =>
      expectRefused([[window, text]], [window], /must be a duration from 5m to 90d/));
  }
  for (const text of ['99999999999h', '9999w99999d', '99999999999999999999999999999999', '1'.repeat(32) + 'h']) {
    it(`B-API-5 ${text}, more than a duration can be, is refused`, async () => {
      for (const path of [interval, window]) await expectRefused([[path, text]], [path]);
    });
  }
});
