import { GrowingAuditLog, type Request } from '../../support/audit.js';
import { OPERATOR_ACCOUNT } from '../../support/operator-install.js';
import { accountName } from '../../support/rights.js';
import { RESTARTED_AT } from '../../../operator/workloads/workload.js';

/** What OptiPod did that replaced pods, as kube-apiserver wrote it down. */
export interface Disruption {
  /** Milliseconds since 1970. */
  readonly at: number;
  readonly namespace: string;
  /** `<namespace>/<name>` of the Deployment. */
  readonly workload: string;
  /** Of a rolling restart: what it wrote. An eviction has none. */
  readonly restartedAt?: string;
}

/** @param auditLog where kube-apiserver writes it */
export function disruptionsIn(auditLog: string): Disruption[] {
  const account = accountName(OPERATOR_ACCOUNT);
  const isDone = ({ user, responseStatus, requestURI }: Request) =>
    user.username === account && (responseStatus?.code ?? 500) < 300 && !requestURI.includes('dryRun=');
  return new GrowingAuditLog(auditLog, (request) => isDone(request)).read().flatMap((request) => {
    const { objectRef: { resource, subresource, namespace = '', name = '' } = {} } = request;
    const at = Date.parse(request.requestReceivedTimestamp);
    if (resource === 'pods' && subresource === 'eviction') {
      return [{ at, namespace, workload: `${namespace}/${deploymentOf(name)}` }];
    }
    const restartedAt = request.verb === 'patch' && resource === 'deployments' ? restartIn(request) : undefined;
    return restartedAt === undefined ? [] : [{ at, namespace, workload: `${namespace}/${name}`, restartedAt }];
  });
}

/** Its last two parts are the hash of the template and the pod's own suffix. */
function deploymentOf(pod: string): string {
  return pod.split('-').slice(0, -2).join('-');
}

function restartIn({ requestObject }: Request): string | undefined {
  const { spec } = requestObject as {
    spec?: { template?: { metadata?: { annotations?: Readonly<Record<string, string>> } } };
  };
  return spec?.template?.metadata?.annotations?.[RESTARTED_AT];
}
