import { expect } from 'chai';
import { createMetricsServerProvider } from '../../../operator/metrics/metrics-server/metrics-server.js';
import { UsageHistory } from '../../../operator/usage/history.js';
import { DAY, START, WEB, WEB_CONTAINER } from './usage-world.js';

const MINUTE = 60;
const PODS = Array.from('bcdfghjklm', (letter) => `web-7d4b9c6f5d-x2k9${letter}`);

/** A metrics-server that is asked once a minute, and read each pod at a second of its own. */
function minutely() {
  let now = START;
  const items = () =>
    PODS.map((name, index) => ({
      metadata: { name, namespace: 'shop' },
      timestamp: new Date((now - 20 + index) * 1000).toISOString(),
      containers: [{ name: 'app', usage: { cpu: '100m', memory: '100Mi' } }],
    }));
  const client = { list: () => Promise.resolve({ items: items() }) };
  const provider = createMetricsServerProvider({ client: client as never, intervalMs: MINUTE * 1000 });
  const history = new UsageHistory({ workloads: () => [WEB], peakWindow: DAY });
  return {
    history,
    usage: () => history.usageOf(WEB_CONTAINER, DAY, now).cpu,
    read: async (times: number) => {
      for (let time = 0; time < times; time += 1) {
        now += MINUTE;
        const reading = history.begin(now);
        await provider.read({ from: now - MINUTE, to: now }, reading, new AbortController().signal);
        await reading.end();
      }
    },
    seal: () => history.advance(now, DAY),
  };
}

describe('the instants of metrics-server', () => {
  it('B-MET-6 minSamplesRequired is counted as distinct instants, not pods: one reading of ten pods is one', async () => {
    const { read, usage } = minutely();
    await read(1);
    expect(usage()).to.include({ samples: 10, instants: 1 });
    await read(9);
    expect(usage()).to.include({ samples: 100, instants: 10 });
  });

  it('B-MET-6 they are as many once they are sealed', async () => {
    const { read, usage, seal } = minutely();
    await read(5 * 60);
    expect(usage()).to.include({ samples: 3000, instants: 300 });
    seal();
    expect(usage()).to.include({ samples: 3000, instants: 300 });
  });
});
