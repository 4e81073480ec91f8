import type { WorkloadRecommendation as WorkloadRecommendationObject } from '../../imports/types/workload-recommendation.js';
import { conditionList, defineResource, type KubeObject, type Resource, type Schema } from '../kube/index.js';

const text = (description: string, maxLength = 253) => ({ type: 'string', description, maxLength }) as const;
const count = (description: string) =>
  ({ type: 'integer', format: 'int64', description, minimum: 0 }) as const satisfies Schema;
const time = (description: string) => ({ type: 'string', format: 'date-time', description }) as const satisfies Schema;

const amounts = (description: string) =>
  ({
    title: 'RecommendedAmounts',
    type: 'object',
    description,
    properties: {
      request: text('A quantity, such as 240m or 512Mi.', 64),
      limit: text('A quantity; absent where limits are left alone.', 64),
    },
  }) as const satisfies Schema;

/** One resource of one container: every step from usage to the number, in the order they were taken. */
const explanation = (resource: string) =>
  ({
    title: 'ResourceExplanation',
    type: 'object',
    description: `How the recommendation of ${resource} came to be.`,
    properties: {
      current: amounts('What a new pod has without OptiPod: what the template says, with the defaults of Kubernetes.'),
      recommended: amounts('What is recommended, be it held; absent where there is nothing to recommend from.'),
      samples: count('How many samples of usage there were, of all pods.'),
      instants: count('How many distinct instants they come from.'),
      from: time('The first of them.'),
      to: time('The last of them.'),
      steps: {
        type: 'array',
        description: 'The steps of the recommendation, each with the value it led to.',
        maxItems: 32,
        'x-kubernetes-list-type': 'atomic',
        items: {
          title: 'RecommendationStep',
          type: 'object',
          required: ['step'],
          properties: {
            step: text(
              'What was done: Samples, Percentile, SafetyFactor, Bounds, MemoryFloor, Rounding, GradualDecrease, Limit, …',
              63,
            ),
            value: text('The amount after it, as a quantity.', 64),
            message: text('Why, for a person.', 1024),
          },
        },
      },
      hold: {
        title: 'RecommendationHold',
        type: 'object',
        description: 'Why nothing is recommended, or what is recommended is not applied.',
        required: ['reason', 'message'],
        properties: {
          reason: text('Why, in one CamelCase word: NotEnoughSamples, HeldByQoS, HeldByHPA, …', 63),
          message: text('Why, for a person.', 1024),
        },
      },
    },
  }) as const satisfies Schema;

const containerAmounts = (description: string) =>
  ({
    type: 'array',
    description,
    maxItems: 100,
    'x-kubernetes-list-type': 'map',
    'x-kubernetes-list-map-keys': ['name'],
    items: {
      title: 'ContainerAmounts',
      type: 'object',
      required: ['name'],
      properties: {
        name: text('The name of the container.', 63),
        cpu: amounts('Its CPU; absent where nothing was said.'),
        memory: amounts('Its memory; absent where nothing was said.'),
      },
    },
  }) as const satisfies Schema;

/** What is remembered of applying: it outlives the operator. */
const applying = {
  title: 'ApplyingState',
  type: 'object',
  description: 'What OptiPod remembers of applying.',
  properties: {
    suspension: {
      title: 'Suspension',
      type: 'object',
      description: 'Why nothing is applied to the workload for a while.',
      required: ['reason', 'message', 'since', 'until'],
      properties: {
        reason: text('Why, in one CamelCase word: SSAConflict, RolledBack, Regressed.', 63),
        message: text('Why, for a person, and what to do.', 1024),
        since: time('When that began.'),
        until: time('When it ends by itself.'),
        content: text('A hash of the template but for CPU and memory; an edit of the template ends it earlier.', 64),
        policy: text('UID and generation of the policy at that time; an edit, or another one, ends it earlier.', 128),
        containers: containerAmounts('What the workload regressed with, and is to have no more.'),
      },
    },
    takenBack: {
      type: 'array',
      description: 'When somebody took back what was applied, the newest last.',
      maxItems: 8,
      'x-kubernetes-list-type': 'atomic',
      items: {
        title: 'TakenBack',
        type: 'object',
        required: ['at', 'by'],
        properties: {
          at: time('When that was seen.'),
          by: text('The field manager that did it.', 128),
        },
      },
    },
    change: {
      title: 'RecommendationChange',
      type: 'object',
      description: 'What is to be applied, since when, and how the workload was at that time.',
      required: ['at', 'content', 'available'],
      properties: {
        at: time('Since when.'),
        containers: containerAmounts('What is to be applied; empty where its pods are to have what the template says.'),
        proven: {
          type: 'boolean',
          description:
            'Whether a pod did well with it for as long as pods are watched: what goes wrong later has other reasons.',
        },
        content: text(
          'A hash of the template but for its resources: another one means that its author changed it.',
          64,
        ),
        available: count('How many of its pods were available.'),
        failed: { type: 'boolean', description: 'Whether its rollout had failed.' },
        troubled: {
          type: 'array',
          description: 'Containers that had been killed or crashed already: what they do is not blamed on the change.',
          maxItems: 100,
          'x-kubernetes-list-type': 'set',
          items: text('The name of the container.', 63),
        },
      },
    },
    disruption: {
      title: 'Disruption',
      type: 'object',
      description: 'When pods were last replaced, and for which recommendation; another one waits for the cooldown.',
      required: ['at', 'said'],
      properties: {
        at: time('When.'),
        said: text('A hash of what was recommended.', 64),
      },
    },
    injectedSince: time(
      'Since when new pods get from the webhook what the annotations say now; absent while they get nothing from it.',
    ),
    originals: containerAmounts('What the template said before OptiPod first wrote to it.'),
    applied: containerAmounts('What OptiPod wrote to the template, and nobody changed since.'),
    released: time('When OptiPod let go of the template; absent while it writes to it.'),
    previous: containerAmounts(
      'What was applied before that; where nothing was, a workload goes back to what its template says.',
    ),
  },
} as const satisfies Schema;

/** What OptiPod recommends for one workload, and why: written by the operator, read by people. */
export const workloadRecommendation = defineResource({
  group: 'optipod.io',
  version: 'v1alpha1',
  kind: 'WorkloadRecommendation',
  scope: 'Namespaced',
  shortNames: ['wrec'],
  description: 'What OptiPod recommends for one workload, and how every number came to be. Written by the operator.',
  spec: {
    title: 'WorkloadRecommendationSpec',
    type: 'object',
    description: 'What the recommendation is about.',
    required: ['workload', 'policy'],
    properties: {
      workload: {
        title: 'RecommendedWorkload',
        type: 'object',
        description: 'The workload, in the same namespace.',
        required: ['kind', 'name', 'uid'],
        properties: {
          kind: {
            type: 'string',
            description: 'The kind of the workload.',
            enum: ['Deployment', 'StatefulSet', 'DaemonSet'],
          },
          name: text('The name of the workload.'),
          uid: text('The UID of the workload, which a namesake made later does not have.', 64),
        },
      },
      policy: {
        title: 'RecommendingPolicy',
        type: 'object',
        description: 'The policy that governs the workload.',
        required: ['namespace', 'name', 'uid'],
        properties: {
          namespace: text('The namespace of the policy.', 63),
          name: text('The name of the policy.'),
          uid: text('The UID of the policy.', 64),
        },
      },
    },
  },
  status: {
    title: 'WorkloadRecommendationStatus',
    type: 'object',
    description: 'The recommendation and its explanation.',
    properties: {
      containers: {
        type: 'array',
        description: 'By container.',
        maxItems: 100,
        'x-kubernetes-list-type': 'map',
        'x-kubernetes-list-map-keys': ['name'],
        items: {
          title: 'ContainerRecommendation',
          type: 'object',
          required: ['name'],
          properties: {
            name: text('The name of the container.', 63),
            cpu: explanation('CPU'),
            memory: explanation('memory'),
            gradualDecrease: {
              title: 'GradualDecreaseState',
              type: 'object',
              description: 'Where the gradual decrease of memory is; the next step starts from here.',
              required: ['original', 'value', 'at'],
              properties: {
                original: text('What the template said before the first step, as a quantity.', 64),
                value: text('What the last step led to, as a quantity.', 64),
                at: time('When that was.'),
              },
            },
          },
        },
      },
      summary: {
        title: 'RecommendationSummary',
        type: 'object',
        description: 'All containers together, as `kubectl get` shows them.',
        properties: {
          workload: text('Kind and name of the workload: Deployment/web.', 320),
          cpu: text('Requested now and recommended: 100m -> 240m.', 140),
          memory: text('Requested now and recommended: 128Mi -> 512Mi.', 140),
          state: text(
            'What becomes of it: Applied, Recommended or Held; Released where no policy stands behind it any more.',
            63,
          ),
          reason: text('Why, in one CamelCase word.', 63),
        },
      },
      applying,
      lastApplied: time('When something of it was last applied to the workload or its pods.'),
      conditions: conditionList('Recommended and Applied, each with the reason of a refusal.'),
    },
  },
  // Written by the operator alone, and in one go: two writes of each workload would be most of what a first pass does.
  statusSubresource: false,
  printerColumns: [
    { name: 'Workload', type: 'string', jsonPath: '.status.summary.workload' },
    { name: 'CPU', type: 'string', jsonPath: '.status.summary.cpu' },
    { name: 'Memory', type: 'string', jsonPath: '.status.summary.memory' },
    { name: 'State', type: 'string', jsonPath: '.status.summary.state' },
    { name: 'Reason', type: 'string', jsonPath: '.status.summary.reason' },
    { name: 'Age', type: 'date', jsonPath: '.metadata.creationTimestamp' },
  ],
});

/** Typed by what is generated from it and documented; the compiler says where the two differ. */
export const WorkloadRecommendation: Resource<WorkloadRecommendationObject & KubeObject> = workloadRecommendation;
