import { RESOURCE_NAMES } from '../api/index.js';
import { cut, type ConditionNow } from '../kube/index.js';
import type { ContainerRecommendation } from './container.js';
import { gravest, isSettled, isWritten, noticesOf, type Notice } from './notices.js';

/** What becomes of what is recommended for a workload. */
export interface Application {
  /** Whether pods get it. */
  readonly applied: boolean;
  /** How, or why not, in one CamelCase word: ThroughWebhook, DryRun, NamespacesNotLabelled, … */
  readonly reason: string;
  readonly message: string;
  /** When something of it was last applied: seconds since 1970. */
  readonly at?: number;
}

/** What becomes of it under a policy that only recommends. */
export const ONLY_RECOMMENDED: Application = {
  applied: false,
  reason: 'ModeRecommend',
  message: "the policy's mode is Recommend: what is recommended is told and not applied",
};

/** Recommended and Applied, each with the gravest reason for what is missing, and every other one in the message. */
export function reportConditions(
  containers: readonly ContainerRecommendation[],
  application: Application,
): ConditionNow[] {
  const notices = noticesOf(containers);
  return [recommended(containers, notices), applied(containers, notices, application)];
}

function recommended(containers: readonly ContainerRecommendation[], notices: readonly Notice[]): ConditionNow {
  const all = containers.flatMap((container) => RESOURCE_NAMES.map((resource) => ({ container, resource })));
  const some = all.filter(({ container, resource }) => container[resource].request !== undefined);
  const isMissing = ({ where }: Notice) => !some.some((one) => `${one.container.name} ${one.resource}` === where);
  const untold = notices.filter((notice) => notice.kind === 'cap' || isMissing(notice));
  const message = `${some.length} of ${all.length} amounts have a recommendation`;
  return {
    type: 'Recommended',
    status: some.length > 0 ? 'True' : 'False',
    reason: gravest(untold)?.reason ?? (some.length > 0 ? 'Recommended' : 'NoContainers'),
    message: listed(message, untold),
  };
}

function applied(
  containers: readonly ContainerRecommendation[],
  notices: readonly Notice[],
  application: Application,
): ConditionNow {
  const type = 'Applied';
  const holds = notices.filter(({ kind }) => kind === 'hold');
  const any = (is: typeof isWritten) => containers.some((one) => RESOURCE_NAMES.some((resource) => is(one, resource)));
  if (!any(isWritten)) {
    if (holds.length === 0 && any(isSettled)) {
      const message = 'what the workload has is within the smallest change that matters of what is recommended';
      return { type, status: 'False', reason: 'BelowThreshold', message };
    }
    return {
      type,
      status: 'False',
      reason: gravest(holds)?.reason ?? 'NoContainers',
      message: listed('nothing is applied', holds),
    };
  }
  const { reason, message } = application;
  if (!application.applied) return { type, status: 'False', reason, message: listed(message, holds) };
  return { type, status: 'True', reason: gravest(holds)?.reason ?? reason, message: listed(message, holds) };
}

/** How many notices a message names one by one, and how much of each. */
const MOST_NOTICES = 10;
const MOST_TEXT = 1024;

function listed(message: string, notices: readonly Notice[]): string {
  const lines = notices
    .slice(0, MOST_NOTICES)
    .map(({ where, reason, message: why }) => `${where}: ${cut(why, MOST_TEXT)} (${reason})`);
  const rest = notices.length - MOST_NOTICES;
  return [message, ...lines, ...(rest > 0 ? [`and ${rest} more`] : [])].join('; ');
}
