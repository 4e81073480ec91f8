import { expect } from 'chai';
import { useInstallation } from './installation.js';
import { deployment, namespace, policy, type Name } from './objects.js';

describe('a policy that allows more than the installation', function () {
  this.timeout(60_000);
  const installation = useInstallation();
  const objects = () => installation().objects;

  async function restart(env: Readonly<Record<string, string>>): Promise<void> {
    await installation().stopOperator();
    await installation().startOperator(env);
  }

  before(() => restart({ OPTIPOD_IN_PLACE_RESIZE: 'false', OPTIPOD_RECREATE: 'false' }));
  after(() => restart({}));

  const POLICY: Name = 'OptimizationPolicy/permitted/web';

  it('B-OPR-5 has a condition that names what the installation does not do, and is Ready all the same', async () => {
    await objects().create(
      namespace('permitted'),
      deployment('permitted', 'web'),
      policy('permitted', 'web', {
        mode: 'Auto',
        updateStrategy: { allowInPlaceResize: true, allowRecreate: true },
      }),
    );
    const { message, status } = await objects().condition(POLICY, 'Permitted', 'InstallationForbids');
    expect(status).to.equal('False');
    expect(message).to.equal(
      'this installation of OptiPod does less than the policy allows: ' +
        'allowInPlaceResize: it resizes no pods in place; allowRecreate: it evicts no pods',
    );
    await objects().condition(POLICY, 'Ready', 'PolicyActive');
  });

  it('B-OPR-5 has none where it allows no more, or only recommends', async () => {
    const modest = { updateStrategy: { allowInPlaceResize: false, allowRecreate: false } };
    await objects().patch(POLICY, { spec: modest });
    const types = async () => (await objects().evaluate(POLICY)).conditions.map(({ type }) => type);
    expect(await types())
      .to.include('Applying')
      .and.not.to.include('Permitted');
    await objects().patch(POLICY, { spec: { updateStrategy: { allowRecreate: true } } });
    await objects().condition(POLICY, 'Permitted', 'InstallationForbids');
    await objects().patch(POLICY, { spec: { mode: 'Recommend' } });
    expect(await types()).not.to.include('Permitted');
  });
});
