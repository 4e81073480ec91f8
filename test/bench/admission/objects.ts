import { Deployment, Namespace, ReplicaSet, StatefulSet, type KubeObject, type OwnerReference } from 'optipod/kube';
import { OptimizationPolicy, writeAnnotations } from 'optipod/lib/api';
import type { KubeClient } from '@optipod/operator/runtime';
import { waitFor } from '../../kit/index.js';
import { podReview } from '../../support/reviews/pod-review.js';
import { indexes, inParallel } from '../in-parallel.js';
import { VerticalPodAutoscaler } from '../vpa.js';

export const NAMESPACE = 'shop';
/** None of them has pods: the control plane shall have nothing to do meanwhile. */
const NO_PODS = 0;

const wanted = { requests: { cpu: '240m', memory: '512Mi' } };

/** The namespace, a policy, and Deployments with the annotations that it would have written; waits for their ReplicaSets. */
export async function createDeployments(client: KubeClient, count: number): Promise<readonly KubeObject[]> {
  await client.create(Namespace, { metadata: { name: NAMESPACE } });
  const annotations = await annotationsOf(client);
  await inParallel(indexes(count), (i) => client.create(Deployment, workload(`web-${String(i)}`, annotations)));
  return waitFor(
    `${String(count)} ReplicaSets`,
    async () => {
      const { items } = await client.list(ReplicaSet, { namespace: NAMESPACE });
      return items.length === count ? items : undefined;
    },
    { everyMs: 1000, timeoutMs: 300_000 },
  );
}

/** More workloads with annotations. */
export async function createStatefulSets(client: KubeClient, count: number): Promise<void> {
  const annotations = await annotationsOf(client);
  await inParallel(indexes(count), (i) => client.create(StatefulSet, workload(`more-${String(i)}`, annotations)));
}

/** A VerticalPodAutoscaler with a recommendation for each Deployment. */
export async function createAutoscalers(client: KubeClient, count: number): Promise<void> {
  const target = { cpu: '240m', memory: '512Mi' };
  await inParallel(indexes(count), async (i) => {
    const metadata = { namespace: NAMESPACE, name: `web-${String(i)}` };
    const targetRef = { apiVersion: 'apps/v1', kind: 'Deployment', name: metadata.name };
    await client.create(VerticalPodAutoscaler, {
      metadata,
      spec: { targetRef, updatePolicy: { updateMode: 'Initial' } },
    });
    const recommendation = {
      containerRecommendations: [
        { containerName: 'web', target, lowerBound: target, upperBound: target, uncappedTarget: target },
      ],
    };
    const conditions = [
      {
        type: 'RecommendationProvided',
        status: 'True',
        lastTransitionTime: '2026-01-28T10:30:00Z',
        reason: '',
        message: '',
      },
    ];
    const body = { status: { recommendation, conditions } };
    await client.patch(VerticalPodAutoscaler, metadata, body, { type: 'merge', subresource: 'status' });
  });
}

/** The review of a pod of a ReplicaSet, as kube-apiserver sends it: 2.3 KB without managedFields, which vary. */
export function reviewOf({ metadata }: KubeObject): string {
  const review = podReview() as unknown as Review;
  const owner = metadata.ownerReferences?.[0]?.name ?? '';
  const { managedFields: _, ...pod } = review.request.object.metadata;
  const ownerReference = { apiVersion: 'apps/v1', kind: 'ReplicaSet', name: metadata.name, uid: metadata.uid };
  return JSON.stringify({
    ...review,
    request: {
      ...review.request,
      object: {
        ...review.request.object,
        metadata: {
          ...pod,
          generateName: `${metadata.name}-`,
          labels: { ...metadata.labels, app: owner },
          ownerReferences: [{ ...ownerReference, controller: true, blockOwnerDeletion: true }],
        },
      },
    },
  });
}

interface Review {
  readonly request: {
    readonly object: {
      readonly metadata: { readonly managedFields: unknown; readonly ownerReferences: readonly OwnerReference[] };
    };
  };
}

async function annotationsOf(client: KubeClient): Promise<Record<string, string>> {
  const name = { namespace: NAMESPACE, name: 'bench' };
  const policy = await client
    .get(OptimizationPolicy, name)
    .catch(() => client.create(OptimizationPolicy, policyOf(name)));
  return writeAnnotations({
    policy: { ...name, uid: policy.metadata.uid },
    lastRecommendation: '2026-01-28T10:30:00Z',
    strategy: 'webhook',
    containers: new Map([['web', wanted]]),
  });
}

function policyOf(metadata: { readonly namespace: string; readonly name: string }) {
  return {
    metadata,
    spec: {
      mode: 'Auto' as const,
      selector: { namespaces: { allow: [NAMESPACE] } },
      metricsConfig: { provider: 'prometheus' as const },
      resourceBounds: { cpu: { min: '10m', max: '4' }, memory: { min: '16Mi', max: '4Gi' } },
      updateStrategy: { strategy: 'webhook' as const },
    },
  };
}

function workload(name: string, annotations: Readonly<Record<string, string>>) {
  const labels = { app: name };
  const containers = [{ name: 'web', image: 'registry.example.com/shop/web:1.4.2' }];
  return {
    metadata: { namespace: NAMESPACE, name, labels, annotations },
    spec: {
      replicas: NO_PODS,
      selector: { matchLabels: labels },
      template: { metadata: { labels }, spec: { containers } },
    },
  };
}
