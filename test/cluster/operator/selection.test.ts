import { setTimeout as pause } from 'node:timers/promises';
import { expect } from 'chai';
import { OWN_NAMESPACE, useInstallation } from './installation.js';
import { deployment, namespace, policy, workload, type Name } from './objects.js';

describe('which policy governs which workload', function () {
  this.timeout(60_000);
  const installation = useInstallation();
  const objects = () => installation().objects;
  const inSuite = { namespaceSelector: { matchLabels: { suite: 'selection' } }, namespaces: null };
  const labels = { labels: { suite: 'selection' } };
  const web: Name = 'Deployment/one/web';
  const governedBy = (name: Name, by: string, cpu: string) =>
    objects().saying(
      name,
      `governed by ${by}`,
      (said) => said.policy === by && said['recommendation.app.cpu-request'] === cpu,
    );
  const factor = (safetyFactor: number) => ({ metricsConfig: { safetyFactor } });

  /** A policy across namespaces: not for its own alone, as the others of this folder are. */
  function broad(name: string, in_: string, spec: Parameters<typeof policy>[2]) {
    const made = policy(in_, name, spec);
    return { ...made, spec: { ...(made.spec as object), selector: { namespaceSelector: inSuite.namespaceSelector } } };
  }

  before(async () => {
    await objects().create(
      namespace('one', labels),
      namespace('two', labels),
      deployment('one', 'web'),
      broad('same', 'one', { weight: 200, ...factor(1) }),
      broad('same', 'two', { weight: 300, ...factor(1.5) }),
    );
  });

  it('B-SEL-4 of two policies with the same name in different namespaces the heavier one acts, alone', async () => {
    await governedBy(web, 'two/same', '300m');
    const [light, heavy] = await Promise.all([
      objects().settled('OptimizationPolicy/one/same', (status) => status.workloadsDiscovered === 0),
      objects().settled('OptimizationPolicy/two/same', (status) => status.workloadsDiscovered === 1),
    ]);
    expect(light.workloadsDiscovered).to.equal(0);
    expect(heavy).to.deep.include({
      workloadsProcessed: 1,
      workloadsByType: { deployments: 1, statefulSets: 0, daemonSets: 0 },
    });
  });

  it('B-SEL-4 one that is edited to be heavier takes over', async () => {
    await objects().patch('OptimizationPolicy/one/same', { spec: { weight: 400 } });
    await governedBy(web, 'one/same', '200m');
  });

  it('B-SEL-4 one that is disabled neither wins nor shadows', async () => {
    await objects().patch('OptimizationPolicy/one/same', { spec: { mode: 'Disabled' } });
    await governedBy(web, 'two/same', '300m');
  });

  it('B-SEL-4 of equals the older one acts, also where another comes first by name', async () => {
    // Kubernetes counts an object's age in whole seconds.
    await pause(1000);
    await objects().create(broad('a', 'one', { weight: 300, ...factor(1) }));
    const status = await objects().settled('OptimizationPolicy/one/a');
    expect(status.workloadsDiscovered).to.equal(0);
    await governedBy(web, 'two/same', '300m');
    await objects().remove('OptimizationPolicy/two/same');
    await governedBy(web, 'one/a', '200m');
  });

  it('B-SEL-1 B-SEL-6 new workloads of all three kinds are picked up within seconds', async () => {
    await objects().create(workload('StatefulSet', 'two', 'db'), workload('DaemonSet', 'two', 'agent'));
    await Promise.all([
      governedBy('StatefulSet/two/db', 'one/a', '200m'),
      governedBy('DaemonSet/two/agent', 'one/a', '200m'),
    ]);
    const status = await objects().settled('OptimizationPolicy/one/a', (now) => now.workloadsDiscovered === 3);
    expect(status.workloadsByType).to.deep.equal({ deployments: 1, statefulSets: 1, daemonSets: 1 });
  });

  it('B-SEL-6 a new namespace is picked up, and one that is relabelled', async () => {
    await objects().create(namespace('three'), deployment('three', 'web'));
    await objects().evaluate('OptimizationPolicy/one/a');
    expect(await objects().said('Deployment/three/web')).to.deep.equal({});
    await objects().patch('Namespace/three', { metadata: labels });
    await governedBy('Deployment/three/web', 'one/a', '200m');
    await objects().patch('Namespace/three', { metadata: { labels: { suite: null } } });
    await objects().saying('Deployment/three/web', 'bare', (said) => !('managed' in said));
  });

  it("B-SEL-5 system namespaces and OptiPod's own are left out unless they are named", async () => {
    const dns: Name = 'Deployment/kube-system/dns';
    const tool: Name = `Deployment/${OWN_NAMESPACE}/tool`;
    await objects().create(deployment('kube-system', 'dns'), deployment(OWN_NAMESPACE, 'tool'));
    for (const name of ['kube-system', OWN_NAMESPACE]) {
      await objects().patch(`Namespace/${name}`, { metadata: labels });
    }
    await objects().evaluate('OptimizationPolicy/one/a');
    expect(await objects().said(dns)).to.deep.equal({});
    expect(await objects().said(tool)).to.deep.equal({});
    await objects().create(policy('two', 'named', { selector: { namespaces: { allow: ['kube-system'] } } }));
    await governedBy(dns, 'two/named', '240m');
    await objects().patch('OptimizationPolicy/two/named', { spec: { mode: 'Auto' } });
    const { message } = await objects().condition('OptimizationPolicy/two/named', 'Applying', 'NamespaceReserved');
    expect(message).to.contain('kube-system');
  });
});
