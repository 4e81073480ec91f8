import { expect } from 'chai';
import { setPaused } from '../../../cli/pause/pause.js';
import { Refused } from '../../../cli/refused.js';
import { createClient, type KubeClient } from '../../../operator/runtime/index.js';
import { fakeServer, sendJson } from '../runtime/fake-apiserver.js';

/** Both namespaces are there; OptiPod is in one of them. */
const DEPLOYMENT = '/apis/apps/v1/namespaces/optipod-system/deployments/optipod';
const NAMESPACES = ['/api/v1/namespaces/optipod-system', '/api/v1/namespaces/default'];

describe('optipod pause and optipod resume', () => {
  let server: Awaited<ReturnType<typeof fakeServer>>;
  let client: KubeClient;

  beforeEach(async () => {
    server = await fakeServer(({ url: { pathname } }, response) => {
      const isThere = [DEPLOYMENT, ...NAMESPACES].includes(pathname);
      sendJson(response, isThere ? 200 : 404, isThere ? { metadata: {} } : { kind: 'Status', message: 'not found' });
    });
    client = createClient(server.config);
  });

  afterEach(async () => {
    await client.close();
    await server.close();
  });

  const patches = () => server.requests.filter(({ method }) => method === 'PATCH');

  it('B-APP-10 annotate the namespace in which OptiPod runs', async () => {
    await setPaused(client, 'optipod-system', true);
    await setPaused(client, 'optipod-system', false);
    expect(patches().map(({ url }) => url.pathname)).to.deep.equal([NAMESPACES[0], NAMESPACES[0]]);
    expect(patches().map(({ body }) => body)).to.deep.equal([
      { metadata: { annotations: { 'optipod.io/paused': 'true' } } },
      { metadata: { annotations: { 'optipod.io/paused': null } } },
    ]);
  });

  it('B-APP-10 are refused where it does not, instead of reporting a stop that nobody hears of', async () => {
    for (const paused of [true, false]) {
      const refusal = await setPaused(client, 'default', paused).then(
        () => undefined,
        (error: unknown) => error,
      );
      expect(refusal).to.be.instanceOf(Refused);
      expect((refusal as Refused).message)
        .to.contain('does not run in the namespace "default"')
        .and.contain('--namespace');
    }
    expect(patches()).to.deep.equal([]);
  });
});
