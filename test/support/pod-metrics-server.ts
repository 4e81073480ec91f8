import { Apiserver } from '../documents/apiserver.js';
import { install, waitFor, type Cluster } from '../kit/index.js';
import { createAuthority } from '../kit/certificates.js';
import { answeringServer } from './answering-server.js';

/** What one container of a pod uses. */
export interface MeasuredContainer {
  readonly namespace: string;
  readonly pod: string;
  readonly container: string;
  /** Cores. */
  readonly cpu: number;
  /** Bytes. */
  readonly memory: number;
}

const GROUP = 'metrics.k8s.io';
const VERSION = 'v1beta1';
const NAME = `${VERSION}.${GROUP}`;
const PATH = `/apis/${GROUP}/${VERSION}`;
const SERVICE = { namespace: 'kube-system', name: 'told-metrics' };

/** What metrics-server says of these. @param at when it read them: seconds since 1970 */
export function podMetricsList(measured: readonly MeasuredContainer[], at: number): object {
  const timestamp = new Date(at * 1000).toISOString();
  const items = measured.map(({ namespace, pod, container, cpu, memory }) => ({
    metadata: { namespace, name: pod },
    timestamp,
    window: '30s',
    containers: [{ name: container, usage: { cpu: `${Math.round(cpu * 1e9)}n`, memory: String(memory) } }],
  }));
  return { kind: 'PodMetricsList', apiVersion: `${GROUP}/${VERSION}`, metadata: {}, items };
}

/**
 * Has kube-apiserver hand on questions for metrics.k8s.io to a server in this process. Resolves when it does.
 * @param list what is answered to a list of all pods
 * @returns takes it away again
 */
export async function servePodMetrics(cluster: Cluster, list: () => object): Promise<() => Promise<void>> {
  const authority = await createAuthority('told-metrics');
  const pair = await authority.issue({ name: 'told-metrics', dns: [`${SERVICE.name}.${SERVICE.namespace}.svc`] });
  const server = await answeringServer(pair);
  server.behave(({ url }, response) => {
    const answer = url.pathname === PATH ? DISCOVERY : url.pathname === `${PATH}/pods` ? list() : undefined;
    response.writeHead(answer ? 200 : 404, { 'content-type': 'application/json' }).end(JSON.stringify(answer ?? {}));
  });
  const apiserver = new Apiserver(cluster);
  const service = {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: SERVICE,
    spec: { type: 'ExternalName', externalName: 'localhost' },
  };
  const registration = {
    apiVersion: 'apiregistration.k8s.io/v1',
    kind: 'APIService',
    metadata: { name: NAME },
    spec: {
      group: GROUP,
      version: VERSION,
      groupPriorityMinimum: 100,
      versionPriority: 100,
      caBundle: Buffer.from(authority.cert).toString('base64'),
      service: { ...SERVICE, port: Number(new URL(server.url).port) },
    },
  };
  await install(cluster, [service, registration]);
  await waitFor(GROUP, async () => ((await isServed(apiserver)) ? true : undefined));
  return async () => {
    await cluster.kubectl(['delete', `apiservice/${NAME}`]);
    await waitFor(`${GROUP} to be gone`, async () => ((await isServed(apiserver)) ? undefined : true));
    await cluster.kubectl(['delete', `service/${SERVICE.name}`, '--namespace', SERVICE.namespace]);
    await Promise.all([apiserver.close(), server.close()]);
  };
}

/** What kube-apiserver says of a path that nobody serves is no JSON. */
async function isServed(apiserver: Apiserver): Promise<boolean> {
  return apiserver.ask('GET', PATH).then(
    ({ code }) => code === 200,
    () => false,
  );
}

const DISCOVERY = {
  kind: 'APIResourceList',
  apiVersion: 'v1',
  groupVersion: `${GROUP}/${VERSION}`,
  resources: [{ name: 'pods', singularName: '', namespaced: true, kind: 'PodMetrics', verbs: ['get', 'list'] }],
};
