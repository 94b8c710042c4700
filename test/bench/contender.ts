/**
 * A contender: a process of its own that trains a step whenever it is asked to, so that start-up is paid once, memory
 * is its own, and never two of them compute at once.
 *
 * Protocol, over its standard streams: it reads the job's file, whose path is its last argument, and says one line of
 * JSON with `ready`. Each line it gets asks for one optimiser step, the next of `job.steps`, and is answered by one line, a
 * StepReport. What it says on standard error is kept for the message of its failure.
 */
import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process'
import { once } from 'node:events'
import { writeFile } from 'node:fs/promises'
import { createInterface } from 'node:readline'
import { deserialize, serialize } from 'node:v8'
import type { Example } from '../../node/model/batch.ts'
import type { RunnableBase } from '../../node/model/runnable.ts'

export interface Job {
  readonly examples: readonly Example[]
  /** The examples of each optimiser step, an equal number. */
  readonly steps: readonly (readonly number[])[]
  readonly threads: number
  readonly lora: { readonly rank: number; readonly alpha: number; readonly targets: readonly string[] }
  readonly settings: Settings
  /** Seed of the adapter's first values, and the folder of PEFT's format that holds them. */
  readonly seed: number
  readonly adapter: string
  /** Tokens of a pass at most, for those who pack. */
  readonly passTokens: number
  readonly maxLength: number
  /** Ours: what `encodeBase` made of the base. */
  readonly base: string
  /** The same weights as a Hugging Face folder. */
  readonly model: string
  /** The hand-written PyTorch: compute what the sequences of a pass begin with once. */
  readonly sharePrefix: boolean
  /** Ours: options of training beyond these. */
  readonly training: Readonly<Record<string, unknown>>
  /** Ours: collect garbage before memory is read. */
  readonly collect: boolean
}

/** AdamW's, at a constant rate. */
export interface Settings {
  readonly learningRate: number
  readonly beta1: number
  readonly beta2: number
  readonly epsilon: number
  readonly weightDecay: number
  readonly maxGradientNorm: number
}

export interface StepReport {
  readonly seconds: number
  /** Mean over the step's labels, before the update. */
  readonly loss: number
  readonly items: number
  /** Of the items, padding not counted and nothing shared. */
  readonly tokens: number
  /** Bytes resident after the step, and at the highest since the process started. */
  readonly rss: number
  readonly peakRss: number
  /** Ours: what `auto` took, or what was asked for. */
  readonly precision?: string
  /** Of `product.ts` only: operations per second of the runtime's own products. */
  readonly rate?: number
  /** The same: bytes read per second. */
  readonly bandwidth?: number
}

export type TrainableBase = Pick<RunnableBase, 'id' | 'config' | 'weights' | 'derived'>

/** As text, with maps and infinities, which JSON does not have. */
export function encodeBase({ id, config, weights, derived }: TrainableBase): string {
  return serialize({ id, config, weights, derived }).toString('base64')
}

export function decodeBase(text: string): TrainableBase {
  return deserialize(Buffer.from(text, 'base64')) as TrainableBase
}

const CHARACTERS_KEPT = 1 << 14

export class Contender implements AsyncDisposable {
  readonly name: string
  readonly #child: ChildProcessWithoutNullStreams
  readonly #lines: AsyncIterator<string>
  #said = ''

  private constructor(name: string, child: ChildProcessWithoutNullStreams) {
    this.name = name
    this.#child = child
    this.#lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      this.#said = (this.#said + text).slice(-CHARACTERS_KEPT)
    })
    child.stdin.on('error', () => {}) // its end is told by the missing answer
  }

  /** Writes the job to `file`, starts the process and waits until it is ready. @throws Error with what it said at its end. */
  static async open(
    name: string,
    command: readonly string[],
    job: Job,
    file: string,
    env: Readonly<Record<string, string>> = {},
  ): Promise<Contender> {
    await writeFile(file, JSON.stringify(job))
    const [program, ...args] = command
    const child = spawn(program!, [...args, file], { env: { ...process.env, ...env } })
    const spawned = once(child, 'spawn')
    const contender = new Contender(name, child)
    await spawned
    await contender.#answer()
    return contender
  }

  /** The next step of the job. @throws Error when the process has ended. */
  async step(): Promise<StepReport> {
    this.#child.stdin.write('step\n')
    return (await this.#answer()) as StepReport
  }

  async #answer(): Promise<unknown> {
    const line = await this.#lines.next()
    if (!line.done) return JSON.parse(line.value)
    if (this.#child.exitCode === null && this.#child.signalCode === null) await once(this.#child, 'close')
    const end = this.#child.signalCode ?? `exit ${this.#child.exitCode}`
    throw new Error(`${this.name} ended (${end}):\n${this.#said.trim().split('\n').slice(-15).join('\n')}`)
  }

  /** Ends the process, waiting until it is gone. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return
    const closed = once(this.#child, 'close')
    this.#child.kill('SIGKILL')
    await closed
  }
}
