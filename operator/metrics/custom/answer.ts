import { isRecord } from 'optipod/kube';
import type { ContainerRef } from '../reading.js';

/** One page of an answer, as docs/reference/custom-metrics.md has it. */
export interface CustomAnswer {
  readonly owners: readonly {
    readonly namespace: string;
    readonly pod: string;
    readonly kind: string;
    readonly name: string;
  }[];
  readonly samples: readonly CustomSeries[];
  readonly peaks: readonly (ContainerRef & { readonly at: number; readonly bytes: number })[];
  readonly next: string | undefined;
}

export interface CustomSeries extends ContainerRef {
  readonly resource: (typeof RESOURCES)[number];
  /** [seconds since 1970, cores or bytes or share]. */
  readonly values: readonly (readonly [number, number])[];
}

const RESOURCES = ['cpu', 'memory', 'throttled'] as const;

/** Something in an answer is not as it must be; the message begins with its place: `samples[3].values[7]`. */
export class AnswerError extends Error {}

/** Checks a page. What is in it besides is passed over. @throws AnswerError */
export function checkAnswer(json: unknown): CustomAnswer {
  const answer = objectAt(json, 'the answer');
  return {
    owners: listAt(answer.owners ?? [], 'owners').map((one, index) => {
      const place = `owners[${index}]`;
      const { namespace, pod, kind, name } = objectAt(one, place);
      return {
        namespace: nameAt(namespace, `${place}.namespace`),
        pod: nameAt(pod, `${place}.pod`),
        kind: nameAt(kind, `${place}.kind`),
        name: nameAt(name, `${place}.name`),
      };
    }),
    samples: listAt(answer.samples, 'samples').map((one, index) => seriesAt(one, `samples[${index}]`)),
    peaks: listAt(answer.peaks ?? [], 'peaks').map((one, index) => {
      const place = `peaks[${index}]`;
      const peak = objectAt(one, place);
      return {
        ...containerAt(peak, place),
        at: numberAt(peak.at, `${place}.at`),
        bytes: numberAt(peak.bytes, `${place}.bytes`),
      };
    }),
    next: answer.next === undefined || answer.next === null ? undefined : nameAt(answer.next, 'next'),
  };
}

function seriesAt(json: unknown, place: string): CustomSeries {
  const series = objectAt(json, place);
  const resource = RESOURCES.find((one) => one === series.resource);
  if (!resource) throw new AnswerError(`${place}.resource must be ${RESOURCES.join(', ')}`);
  const values = listAt(series.values, `${place}.values`).map((one, index) => {
    const at = `${place}.values[${index}]`;
    const [instant, value, ...more] = listAt(one, at);
    if (more.length > 0) throw new AnswerError(`${at} must be [seconds since 1970, amount]`);
    return [numberAt(instant, `${at}[0]`), numberAt(value, `${at}[1]`)] as const;
  });
  return { ...containerAt(series, place), resource, values };
}

function containerAt({ namespace, pod, container }: Readonly<Record<string, unknown>>, place: string): ContainerRef {
  return {
    namespace: nameAt(namespace, `${place}.namespace`),
    pod: nameAt(pod, `${place}.pod`),
    container: nameAt(container, `${place}.container`),
  };
}

function objectAt(json: unknown, place: string): Readonly<Record<string, unknown>> {
  if (!isRecord(json)) throw new AnswerError(`${place} must be an object`);
  return json;
}

function listAt(json: unknown, place: string): readonly unknown[] {
  if (!Array.isArray(json)) throw new AnswerError(`${place} must be a list`);
  return json;
}

function nameAt(json: unknown, place: string): string {
  if (typeof json !== 'string' || json === '') throw new AnswerError(`${place} must be text that is not empty`);
  return json;
}

function numberAt(json: unknown, place: string): number {
  if (typeof json !== 'number' || !Number.isFinite(json) || json < 0) {
    throw new AnswerError(`${place} must be a number that is not negative`);
  }
  return json;
}
