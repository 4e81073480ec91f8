import type { EndpointSlice, ObjectsOf } from 'optipod/kube';
import type { Informer } from './runtime/index.js';

/** Whether the webhook's Service has somebody who answers. */
export interface WebhookReadiness {
  readonly isReady: () => boolean;
  /** Called when it became ready, or ceased to be. */
  onChange(listener: () => void): void;
}

/** @param endpoints those of the webhook's Service */
export function webhookReadiness(endpoints: Informer<ObjectsOf<typeof EndpointSlice>>): WebhookReadiness {
  const isReady = () =>
    endpoints.list().some((slice) => slice.endpoints?.some(({ conditions }) => conditions?.ready !== false));
  return {
    isReady,
    onChange(listener) {
      // What is so from the start is nothing new.
      let wasReady: boolean | undefined;
      void endpoints.synced.then(() => (wasReady = isReady()));
      endpoints.onEvent(() => {
        const isNow = isReady();
        if (wasReady === undefined || wasReady === isNow) return;
        wasReady = isNow;
        listener();
      });
    },
  };
}
