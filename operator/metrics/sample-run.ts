import type { SampleList } from 'optipod/lib/usage';

/** Of a look back, an answer has some hundreds of samples of each series. */
const ROOM = 512;

/**
 * Samples of one series in the order they came, filled and cleared over and over: of an answer with a million of them nothing is
 * left behind.
 */
export class SampleRun implements SampleList {
  #instants = new Float64Array(ROOM);
  #values = new Float64Array(ROOM);
  #size = 0;

  get size(): number {
    return this.#size;
  }

  /** What there is, good until there is more or less; likewise its values. */
  get instants(): Float64Array {
    return this.#instants.subarray(0, this.#size);
  }

  get values(): Float64Array {
    return this.#values.subarray(0, this.#size);
  }

  push(at: number, value: number): void {
    if (this.#size === this.#instants.length) this.#grow();
    this.#instants[this.#size] = at;
    this.#values[this.#size] = value;
    this.#size += 1;
  }

  /** Leaves out what is not wanted. @param isWanted asked for each by its place: numbers that are handed over become objects */
  retain(isWanted: (index: number) => boolean): void {
    let kept = 0;
    for (let index = 0; index < this.#size; index += 1) {
      if (!isWanted(index)) continue;
      this.#instants[kept] = this.#instants[index] ?? 0;
      this.#values[kept] = this.#values[index] ?? 0;
      kept += 1;
    }
    this.#size = kept;
  }

  clear(): void {
    this.#size = 0;
  }

  #grow(): void {
    const [instants, values] = [this.#instants, this.#values];
    this.#instants = new Float64Array(2 * instants.length);
    this.#values = new Float64Array(2 * values.length);
    this.#instants.set(instants);
    this.#values.set(values);
  }
}
