import { Hopeless } from '../kit/index.js';
import type { OptipodProcess } from './optipod-process.js';

/** What an operator says that could not renew its lease in time: on a machine that stands still for a while, that is right. */
const LEADERSHIP_LOST = 'the leadership is lost: ';

/** One of OptiPod's processes, started again where it gives up its leadership, as a kubelet would. */
export class KeptRunning {
  readonly #start: () => Promise<OptipodProcess>;
  readonly #kept: Promise<void>;
  #running: Promise<OptipodProcess>;
  #isKilled = false;
  #fault: string | undefined;

  private constructor(start: () => Promise<OptipodProcess>) {
    this.#start = start;
    this.#running = start();
    this.#kept = this.#keep();
  }

  static async start(start: () => Promise<OptipodProcess>): Promise<KeptRunning> {
    const kept = new KeptRunning(start);
    await kept.#running;
    return kept;
  }

  /** Throws `Hopeless`, with what it said last, once it has ended for any other reason: for use in probes. */
  check(): void {
    if (this.#fault !== undefined) throw new Hopeless(this.#fault);
  }

  /** kill -9, for good. */
  async kill(): Promise<void> {
    this.#isKilled = true;
    (await this.#running).child.kill('SIGKILL');
    await this.#kept;
  }

  async #keep(): Promise<void> {
    for (;;) {
      const { exit, stderr } = await this.#running;
      const [code, said] = await Promise.all([exit, stderr]);
      if (this.#isKilled) return;
      if (!said.startsWith(LEADERSHIP_LOST)) {
        this.#fault = `it ended with ${String(code)}, saying ${said.slice(-2000)}`;
        return;
      }
      this.#running = this.#start();
    }
  }
}
