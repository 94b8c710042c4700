/**
 * How fast a run is and how long it will take, from the steps behind it.
 *
 * The first step of a sitting warms the runtime up and is left out as soon as there is another. The time a step takes
 * includes what its caller does with it (a checkpoint, a line on the terminal), since that will be spent again; measuring
 * on validation items is counted apart, as it does not happen in every step.
 */
import type { Plan } from './plan.ts'

/** Steps and measurements that an estimate looks back on. */
const RECENT = 20
/** Milliseconds between checkpoints where the configuration leaves it to time. */
const CHECKPOINT_EVERY = 30_000

export class Progress {
  readonly #now: () => number
  readonly #plan: Plan
  readonly #steps: number[] = []
  readonly #evaluations: number[] = []
  #first: { readonly milliseconds: number; readonly tokens: number } | undefined
  #mark: number
  #evaluating = 0
  #tokens = 0
  #milliseconds = 0
  readonly #checkpointEvery: number
  #checkpointed: number

  /** `checkpointEvery`: updates; 0: by time. */
  constructor(plan: Plan, checkpointEvery: number, now: () => number) {
    this.#plan = plan
    this.#now = now
    this.#mark = now()
    this.#checkpointEvery = checkpointEvery
    this.#checkpointed = this.#mark
  }

  /** Times a measurement on validation items. */
  async evaluation<T>(measure: () => Promise<T>): Promise<T> {
    const started = this.#now()
    const result = await measure()
    const milliseconds = this.#now() - started
    this.#evaluating += milliseconds
    remember(this.#evaluations, milliseconds)
    return result
  }

  /** Ends a step in which `tokens` went through the model. */
  stepDone(tokens: number): void {
    const now = this.#now()
    const milliseconds = now - this.#mark - this.#evaluating
    this.#mark = now
    this.#evaluating = 0
    if (this.#first === undefined) {
      this.#first = { milliseconds, tokens }
      return
    }
    remember(this.#steps, milliseconds)
    this.#milliseconds += milliseconds
    this.#tokens += tokens
  }

  /** Over the whole sitting. */
  get tokensPerSecond(): number {
    const [tokens, milliseconds] =
      this.#steps.length > 0
        ? [this.#tokens, this.#milliseconds]
        : [this.#first?.tokens ?? 0, this.#first?.milliseconds ?? 0]
    return milliseconds > 0 ? (1000 * tokens) / milliseconds : 0
  }

  /** For what is left after update `step`, if no update ends the run early. */
  secondsLeft(step: number, evaluates: boolean): number {
    const perStep = mean(this.#steps.length > 0 ? this.#steps : [this.#first?.milliseconds ?? 0])
    const evaluations = evaluates ? this.#plan.evaluationsAfter(step) * mean(this.#evaluations) : 0
    return ((this.#plan.steps - step) * perStep + evaluations) / 1000
  }

  /** Whether a checkpoint should be made after update `step`. To be asked once a step; the last needs none. */
  checkpointDue(step: number): boolean {
    if (step === this.#plan.steps) return false
    if (this.#checkpointEvery > 0) return step % this.#checkpointEvery === 0
    if (this.#now() - this.#checkpointed < CHECKPOINT_EVERY) return false
    this.#checkpointed = this.#now()
    return true
  }
}

/** Memory of this process: resident now, and at its highest since it started. */
export function memory(): { readonly memoryBytes: number; readonly peakMemoryBytes: number } {
  return {
    memoryBytes: process.memoryUsage.rss(),
    peakMemoryBytes: 1024 * process.resourceUsage().maxRSS,
  }
}

function remember(recent: number[], milliseconds: number): void {
  recent.push(milliseconds)
  if (recent.length > RECENT) recent.shift()
}

function mean(numbers: readonly number[]): number {
  return numbers.length === 0 ? 0 : numbers.reduce((sum, number) => sum + number, 0) / numbers.length
}
