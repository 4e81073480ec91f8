import type { LimitRange, ObjectMeta } from 'optipod/kube';
import { writeAnnotations, type StoredPolicy } from 'optipod/lib/api';
import { silentLogger } from '@optipod/operator/runtime';
import { podHandler } from '@optipod/webhook';
import { admissionApp } from '@optipod/webhook/server';
import { Registry } from 'prom-client';
import { workloadMetadata } from '../../webhook/world.js';
import { inTurns, type Ratio } from './measure.js';

const WORKLOADS = 500;

/** One review of a pod that gets a patch, through the app without a socket, against reading and writing its JSON. */
export async function admissionReview(): Promise<Ratio> {
  const body = JSON.stringify(review());
  const headers = { 'content-type': 'application/json', 'content-length': String(body.length) };
  const served = app();
  const answer = await served.request('/mutate', { method: 'POST', headers, body });
  const text = await answer.text();
  if (!text.includes('JSONPatch')) throw new Error(`the review was not answered with a patch: ${text}`);
  const parsed = JSON.parse(text) as unknown;
  const measured = await inTurns(
    2000,
    async () => (await served.request('/mutate', { method: 'POST', headers, body })).text(),
    () => {
      JSON.parse(body);
      JSON.stringify(parsed);
    },
  );
  const kilobytes = (body.length / 1000).toFixed(1);
  return {
    name: `admission review, ${kilobytes} KB, ${String(WORKLOADS)} workloads`,
    ours: measured.ours,
    peer: 'JSON in and out',
    ratio: measured.ours / measured.peer,
  };
}

function app() {
  const workloads = new Map(Array.from({ length: WORKLOADS }, (_, i) => [`web-${String(i)}`, workload(i)]));
  const nothing = () => Promise.resolve(undefined);
  const found = { get: (_: string, name: string) => workloads.get(name), fetch: nothing };
  const policy = {
    valid: true,
    metadata: { uid: 'policy' },
    object: { spec: { mode: 'Auto', updateStrategy: { strategy: 'webhook' } } },
  } as unknown as StoredPolicy;
  const handler = podHandler({
    policies: { get: () => policy },
    replicaSets: { get: () => undefined, fetch: nothing },
    workloads: { Deployment: found, StatefulSet: found, DaemonSet: found },
    limitRanges: { list: () => [] as LimitRange[] },
    quotas: { list: () => [] },
    isPaused: () => false,
    count: () => undefined,
    log: silentLogger,
  });
  return admissionApp([handler], { log: silentLogger, metrics: new Registry() });
}

function workload(i: number) {
  const containers = new Map([['web', { requests: { cpu: '240m', memory: '512Mi' } }]]);
  const annotations = writeAnnotations({
    policy: { namespace: 'shop', name: 'web', uid: 'policy' },
    lastRecommendation: '2026-01-01T00:00:00Z',
    strategy: 'webhook',
    containers,
  });
  const metadata = { uid: `uid-${String(i)}`, name: `web-${String(i)}`, namespace: 'shop', annotations };
  return workloadMetadata({ metadata: metadata as unknown as ObjectMeta });
}

/** A pod as kube-apiserver sends it, with what it has defaulted. */
function review() {
  const owner = { apiVersion: 'apps/v1', kind: 'StatefulSet', name: 'web-250', uid: 'uid-250', controller: true };
  const container = {
    name: 'web',
    image: 'registry.example.com/shop/web:1.4.2',
    ports: [{ containerPort: 8080, protocol: 'TCP' }],
    env: Array.from({ length: 12 }, (_, i) => ({ name: `SETTING_${String(i)}`, value: `value-${String(i)}` })),
    resources: { requests: { cpu: '100m', memory: '128Mi' } },
    volumeMounts: [{ name: 'token', readOnly: true, mountPath: '/var/run/secrets/kubernetes.io/serviceaccount' }],
    terminationMessagePath: '/dev/termination-log',
    terminationMessagePolicy: 'File',
    imagePullPolicy: 'IfNotPresent',
  };
  return {
    apiVersion: 'admission.k8s.io/v1',
    kind: 'AdmissionReview',
    request: {
      uid: '705ab4f5-6393-11e8-b7cc-42010a800002',
      kind: { group: '', version: 'v1', kind: 'Pod' },
      resource: { group: '', version: 'v1', resource: 'pods' },
      namespace: 'shop',
      operation: 'CREATE',
      userInfo: {
        username: 'system:serviceaccount:kube-system:statefulset-controller',
        groups: ['system:authenticated'],
      },
      object: {
        apiVersion: 'v1',
        kind: 'Pod',
        metadata: { name: 'web-250-0', namespace: 'shop', labels: { app: 'web' }, ownerReferences: [owner] },
        spec: {
          volumes: [{ name: 'token', projected: { sources: [{ serviceAccountToken: { path: 'token' } }] } }],
          containers: [container],
          restartPolicy: 'Always',
          terminationGracePeriodSeconds: 30,
          dnsPolicy: 'ClusterFirst',
          serviceAccountName: 'default',
          schedulerName: 'default-scheduler',
          tolerations: [{ key: 'node.kubernetes.io/not-ready', operator: 'Exists', effect: 'NoExecute' }],
        },
        status: {},
      },
      oldObject: null,
      dryRun: false,
    },
  };
}
