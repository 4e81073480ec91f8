import { expect } from 'chai';
import { restoreWorkloads, type Restoring } from '../../../cli/restore/restore.js';
import { createClient, type KubeClient } from '../../../operator/runtime/index.js';
import { fakeServer, sendJson } from '../runtime/fake-apiserver.js';

/** What is remembered of a workload, of a policy that is kept in another namespace. */
const WEB = {
  metadata: { namespace: 'shop', name: 'deployment-web', uid: 'r' },
  spec: {
    workload: { kind: 'Deployment', name: 'web', uid: 'w' },
    policy: { namespace: 'platform', name: 'auto', uid: 'p' },
  },
};

describe('optipod restore', () => {
  let server: Awaited<ReturnType<typeof fakeServer>>;
  let client: KubeClient;

  beforeEach(async () => {
    server = await fakeServer((_, response) => sendJson(response, 200, { metadata: {}, items: [WEB] }));
    client = createClient(server.config);
  });

  afterEach(async () => {
    await client.close();
    await server.close();
  });

  async function restore(of: Partial<Restoring>) {
    const complaints: string[] = [];
    const { restored, left } = await restoreWorkloads(client, {
      namespace: 'shop',
      names: [],
      policy: undefined,
      dryRun: true,
      tell: (line) => expect.fail(line),
      complain: (line) => void complaints.push(line),
      ...of,
    });
    return { restored, left, complaints };
  }

  it('B-APP-2 complains of a policy that no workload there was of, and says which ones there are', async () => {
    const advice = '; the policies there are platform/auto';
    for (const policy of ['platform/atuo', 'auto', 'shop/auto']) {
      expect(await restore({ policy }), policy).to.deep.equal({
        restored: 0,
        left: 1,
        complaints: [`--policy ${policy}: no workload in the namespace shop is remembered to be of it${advice}`],
      });
    }
    const { complaints } = await restore({ policy: 'atuo', namespace: undefined });
    expect(complaints).to.deep.equal([
      `--policy atuo: no workload in any namespace is remembered to be of it${advice}`,
    ]);
  });

  it('B-APP-2 is content where there is nothing to put back', async () => {
    const nothing = { restored: 0, left: 0, complaints: [] };
    expect(await restore({ policy: 'platform/auto' })).to.deep.equal(nothing);
    expect(await restore({ policy: 'auto', namespace: undefined })).to.deep.equal(nothing);
    expect(await restore({})).to.deep.equal(nothing);
  });
});
