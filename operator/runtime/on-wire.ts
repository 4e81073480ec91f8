import type { Dispatcher } from 'undici';

/** What the check before a write threw, told from every error of the write itself. */
export class Fenced {
  readonly reason: unknown;

  constructor(reason: unknown) {
    this.reason = reason;
  }
}

/** Called when a request has its connection and its first byte is about to go out; a throw is what the request fails with. */
export type OnWire = () => void;

/**
 * Calls what a request has as `opaque` at the last moment before it goes out: what is so when a call is made need not be so
 * when its connection is there, for a process may stand still in between.
 */
export const tellOnWire: Dispatcher.DispatcherComposeInterceptor = (dispatch) => (options, handler) => {
  const { opaque: onWire } = options as { readonly opaque?: OnWire };
  return dispatch(options, onWire ? telling(onWire, handler) : handler);
};

function telling(onWire: OnWire, handler: Dispatcher.DispatchHandler): Dispatcher.DispatchHandler {
  return {
    onRequestStart(controller, context) {
      onWire();
      handler.onRequestStart?.(controller, context);
    },
    onRequestUpgrade: (controller, code, headers, socket) =>
      handler.onRequestUpgrade?.(controller, code, headers, socket),
    onResponseStart: (controller, code, headers, message) =>
      handler.onResponseStart?.(controller, code, headers, message),
    onResponseData: (controller, chunk) => handler.onResponseData?.(controller, chunk),
    onResponseEnd: (controller, trailers) => handler.onResponseEnd?.(controller, trailers),
    onResponseError: (controller, error) => handler.onResponseError?.(controller, error),
  };
}
