import type { OptimizationPolicy } from '../../imports/types/optimization-policy.js';

type Spec = Pick<OptimizationPolicy['spec'], 'mode' | 'updateStrategy'>;

/** What a policy asks for that this version of OptiPod does not do: as conditions and admission say it. */
export function unsupported(spec: Spec): string[] {
  return [unsupportedStrategy(spec)].filter((line) => line !== undefined);
}

export function unsupportedStrategy({ mode, updateStrategy }: Spec): string | undefined {
  return mode === 'Auto' && updateStrategy.strategy === 'ssa'
    ? 'this version of OptiPod applies through the webhook only; recommendations are in the annotations'
    : undefined;
}
