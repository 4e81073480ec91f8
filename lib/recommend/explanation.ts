/** How a number came to be: one entry for each step of the chain that had something to say. Amounts in cores or bytes. */
export type Step =
  | {
      readonly step: 'Samples';
      readonly samples: number;
      readonly instants: number;
      readonly from: number;
      readonly to: number;
    }
  | { readonly step: 'Percentile'; readonly percentile: string; readonly value: number }
  | { readonly step: 'SafetyFactor'; readonly factor: number; readonly value: number }
  | { readonly step: 'Bounds'; readonly bound: 'min' | 'max'; readonly value: number }
  | { readonly step: 'Rounding'; readonly value: number }
  | { readonly step: 'CappedByLimit'; readonly value: number }
  | { readonly step: 'LimitEqualsRequest' }
  | { readonly step: 'Limit'; readonly multiplier: number; readonly value: number };

/** Why there is no number. */
export interface Hold {
  readonly reason: 'NoData' | 'NotEnoughSamples' | 'HeldByQoS' | 'PodLevelResources' | 'BoundsTooFine';
  readonly message: string;
}
